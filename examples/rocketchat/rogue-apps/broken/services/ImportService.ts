import { parseLine } from '../lib/parser';

export interface IImportedUser {
  name: string;
  email: string;
}

export class ImportService {
  public importUsers(text: string): Array<IImportedUser> {
    return text.split(';').map((line, index) => {
      const [name, email] = parseLine(line, index + 1);
      return { name, email };
    });
  }
}

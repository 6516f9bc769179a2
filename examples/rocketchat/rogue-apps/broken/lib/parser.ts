export function parseLine(line: string, number: number): Array<string> {
  const fields = line.split(',');
  if (fields.length !== 2) {
    throw new SyntaxError(`Line ${number}: expected 2 fields, found ${fields.length}`);
  }
  return fields.map((field) => field.trim());
}

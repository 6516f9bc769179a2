import type {
  IVideoConferenceOptions,
  IVideoConfProvider,
  VideoConfData,
  VideoConfDataExtended,
} from '@rocket.chat/apps-engine/definition/videoConfProviders';
import type { IVideoConferenceUser } from '@rocket.chat/apps-engine/definition/videoConferences';

export class ToolboxProvider implements IVideoConfProvider {
  public name = 'Toolbox Calls';
  public capabilities = { mic: true, cam: false };

  public async isFullyConfigured(): Promise<boolean> {
    return true;
  }

  public async generateUrl(call: VideoConfData): Promise<string> {
    return `https://calls.test/${encodeURIComponent(call.title ?? call._id)}`;
  }

  public async customizeUrl(
    call: VideoConfDataExtended,
    user?: IVideoConferenceUser,
    options?: IVideoConferenceOptions,
  ): Promise<string> {
    if (!user) {
      throw new Error(`Who joins ${call.url}?`);
    }
    return `${call.url}#${user.name}&${Object.entries(options ?? {}).join('&')}`;
  }
}

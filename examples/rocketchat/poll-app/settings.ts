import { type ISetting, SettingType } from '@rocket.chat/apps-engine/definition/settings';

export const POLL_MINUTES = 'poll-minutes';

export const settings: Array<ISetting> = [
  {
    id: POLL_MINUTES,
    type: SettingType.NUMBER,
    packageValue: 30,
    required: true,
    public: false,
    i18nLabel: 'poll_minutes_label',
    i18nDescription: 'poll_minutes_description',
  },
];

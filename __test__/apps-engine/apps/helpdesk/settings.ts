import { type ISetting, SettingType } from '@rocket.chat/apps-engine/definition/settings';

export enum Setting {
  PREFIX = 'prefix',
  MINUTES = 'minutes',
  LEVEL = 'level',
  TOKEN = 'token',
}

export const settings: Array<ISetting> = [
  {
    id: Setting.PREFIX,
    type: SettingType.STRING,
    packageValue: 'ticket:',
    required: true,
    public: true,
    i18nLabel: 'prefix',
  },
  {
    id: Setting.MINUTES,
    type: SettingType.NUMBER,
    packageValue: 30,
    value: 45,
    required: true,
    public: false,
    i18nLabel: 'minutes',
  },
  {
    id: Setting.LEVEL,
    type: SettingType.SELECT,
    packageValue: 'one',
    required: false,
    public: true,
    values: [
      { key: 'one', i18nLabel: 'first' },
      { key: 'two', i18nLabel: 'second' },
    ],
    i18nLabel: 'level',
  },
  {
    id: Setting.TOKEN,
    type: SettingType.STRING,
    packageValue: undefined,
    required: false,
    public: false,
    hidden: true,
    i18nLabel: 'token',
  },
];

'use strict';

const { toDocument } = require('./document.js');

/** The livechat bridge: visitors and their rooms. */
function createLivechat({ visitors, rooms, messages, newId }) {
  const visitor = (matches) => [...visitors.values()].find(matches);
  return {
    isOnline: () => true,
    isOnlineAsync: async () => true,
    async createMessage(message) {
      const id = newId('message');
      messages.set(id, { ...toDocument(message), id });
      return id;
    },
    getMessageById: async (id) => messages.get(id),
    updateMessage: async (message) => void messages.set(message.id, toDocument(message)),
    async createVisitor(data) {
      const id = newId('visitor');
      visitors.set(id, { ...toDocument(data), id });
      return id;
    },
    findVisitors: async () => [...visitors.values()],
    findVisitorById: async (id) => visitors.get(id),
    findVisitorByEmail: async (email) =>
      visitor(({ visitorEmails = [] }) => visitorEmails.some(({ address }) => address === email)),
    findVisitorByToken: async (wanted) => visitor(({ token }) => token === wanted),
    findVisitorByPhoneNumber: async (number) =>
      visitor(({ phone = [] }) => phone.some(({ phoneNumber }) => phoneNumber === number)),
    transferVisitor: async () => true,
    async createRoom(guest, agent) {
      const id = newId('livechat-room');
      const room = { id, type: 'l', visitor: guest, servedBy: agent, open: true, userIds: [] };
      rooms.set(id, toDocument(room));
      return rooms.get(id);
    },
    async closeRoom({ id }) {
      rooms.get(id).open = false;
      return true;
    },
    findRooms: async () => [...rooms.values()].filter(({ type }) => type === 'l'),
    findDepartmentByIdOrName: async (name) => ({ id: 'd-1', name, enabled: true }),
    findDepartmentsEnabledWithAgents: async () => [{ id: 'd-1', name: 'support', enabled: true }],
    _fetchLivechatRoomMessages: async () => [],
    setCustomFields: async () => 1,
  };
}

module.exports = { createLivechat };

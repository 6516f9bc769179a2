export enum Status {
  OPEN = 'open',
  ESCALATED = 'escalated',
  CLOSED = 'closed',
}

export enum Priority {
  LOW,
  HIGH = 10,
}

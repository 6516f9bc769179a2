export interface IPoll {
  roomId: string;
  question: string;
  options: Array<string>;
  /** The option each user chose, by user id; a second vote replaces the first. */
  votes: { [userId: string]: number };
  open: boolean;
}

export interface IPollResult {
  option: string;
  votes: number;
}

export function countVotes(poll: IPoll): Array<IPollResult> {
  const chosen = Object.values(poll.votes);
  return poll.options.map((option, index) => ({
    option,
    votes: chosen.filter((choice) => choice === index).length,
  }));
}

export function renderPoll(poll: IPoll): string {
  const lines = countVotes(poll).map(({ option, votes }, index) =>
    `${index + 1}. ${option}: ${votes} ${'█'.repeat(votes)}`.trim(),
  );
  return [`*${poll.question}* (${poll.open ? 'open' : 'closed'})`, ...lines].join('\n');
}

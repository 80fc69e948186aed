// The first thing that was found wrong: a name of the table in docs/draws.md, and one sentence.
export class Fraud extends Error {
  constructor(name, sentence) {
    super(sentence);
    this.name = name;
  }
}

export function need(holds, name, sentence) {
  if (!holds) throw new Fraud(name, sentence);
}

/** Keeps the newest `limit` items; `forgotten` counts what it let go. */
export class BoundedList<Item> {
  readonly items: Item[] = [];
  forgotten = 0;

  constructor(private readonly limit: number) {}

  add(item: Item): Item {
    this.items.push(item);
    if (this.items.length > this.limit) {
      this.items.shift();
      this.forgotten++;
    }
    return item;
  }
}

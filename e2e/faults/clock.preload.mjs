// Loaded before a manager: its wall clock is off by CLOCK_OFF_BY_MS milliseconds.
const off = Number(process.env['CLOCK_OFF_BY_MS']);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + off] : args));
  }

  static now() {
    return RealDate.now() + off;
  }
};

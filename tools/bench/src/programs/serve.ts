type Methods = Record<string, (...args: never[]) => unknown>;

interface Call {
  id: number;
  method: string;
  args: never[];
}

/** The other end of {@link Program}: answers calls until the caller goes away. */
export function serve(methods: Methods): void {
  process.on('message', ({ id, method, args }: Call) => {
    Promise.resolve()
      .then(() => {
        const target = methods[method];
        if (!target) throw new Error(`there is no method ${method}`);
        return target(...args);
      })
      .then(
        (result) => process.send?.({ id, result }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

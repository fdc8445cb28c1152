// A runner that lives and does nothing.
setInterval(() => undefined, 60_000);

// A runner that does nothing: its exchange code stays unused for a test to use in its place.
setInterval(() => undefined, 60_000);

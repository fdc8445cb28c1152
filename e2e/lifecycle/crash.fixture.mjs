// A runner that ends before it is ready.
console.error('I cannot go on');
process.exit(7);

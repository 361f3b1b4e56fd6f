// A server that others wrote and that speaks S3. It keeps objects below the folder that is its argument, in the bucket `exports`,
// and looks at key ids, not at signatures. Prints its address and runs until it is stopped.
import S3rver from 's3rver';

const server = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: process.argv[2],
  configureBuckets: [{ name: 'exports' }],
});
const { port } = await server.run();
console.log(`listening on http://127.0.0.1:${port}`);

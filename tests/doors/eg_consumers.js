// An Express Gateway with consumers in it, in memory: its services make them, its admin API tells
// them. Prints one line of JSON: the URL, the secrets, and every key of its Redis; ends with its
// standard input.
//
//   node eg_consumers.js <folder of express-gateway> <configuration folder>
const path = require('path');

const home = path.resolve(process.argv[2]);
process.env.EG_CONFIG_DIR = path.resolve(process.argv[3]);
const lib = name => require(path.join(home, 'lib', name));

async function valueOf (db, key) {
  const kind = await db.type(key);
  return kind === 'hash' ? db.hgetall(key) : db.smembers(key);
}

async function main () {
  const config = lib('config');
  const { user, application, credential } = lib('services');
  await credential.insertScopes(['read', 'write']);
  const jane = await user.insert({ username: 'jane', firstname: 'Jane', lastname: 'Doe', email: 'j@example.com' });
  const bob = await user.insert({ username: 'bob', firstname: 'Bob', lastname: 'Roe' });
  await user.deactivate(bob.id);
  const app = await application.insert({ name: 'mobile', redirectUri: 'https://app.example/cb' }, jane.id);
  const key = await credential.insertCredential(jane.id, 'key-auth', { scopes: ['read'] });
  await credential.insertCredential(app.id, 'key-auth', { keyId: 'given', keySecret: 'chosen' });
  await credential.deactivateCredential('given', 'key-auth');
  await credential.insertCredential(jane.id, 'basic-auth', { password: 'swordfish', scopes: ['read', 'write'] });
  await credential.insertCredential(app.id, 'oauth2', { secret: 'swordfish' });
  const token = await credential.insertCredential(bob.id, 'jwt', {});
  const db = lib('db');
  const redis = {};
  for (const one of await db.keys('*')) redis[one] = await valueOf(db, one);
  const admin = await lib('rest')({ plugins: { policies: [], conditions: [] }, config });
  const { port } = admin.address();
  const told = { url: `http://127.0.0.1:${port}`, jane, app, key, token, redis };
  process.stdout.write(JSON.stringify(told) + '\n');
}

process.stdin.on('end', () => process.exit(0)).resume();
main().catch(error => { process.stderr.write(String(error.stack)); process.exit(1); });

// An OpenID Connect provider that others wrote. Who there is, is posted to /people: one JSON object of claims a person, known
// by its `sub`, which is what the login form takes. The argument is the redirect address. Prints its own address and runs
// until it is stopped.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const people = new Map();

const configuration = {
  clients: [{
    client_id: 'spendra',
    client_secret: process.env.CLIENT_SECRET,
    redirect_uris: [process.argv[2]],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  // Without a code challenge nobody gets a code.
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => people.get(sub) }),
  cookies: { keys: ['only a test'] },
};

async function remember(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const claims = JSON.parse(body);
  people.set(claims.sub, claims);
  response.end();
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration).callback();
  server.on('request', (request, response) => (request.url === '/people' ? remember(request, response) : provider(request, response)));
  console.log(`listening on ${issuer}`);
});

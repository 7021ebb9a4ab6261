import { Kind, parse } from 'graphql';
import { credentialHeaders } from './credentials.js';

/**
 * Leave out an operation name that the query does not have: GraphiQL reads the names a moment after the last key, so
 * that a query run at once would go out under the name of the one before it.
 */
function withKnownOperation({ operationName, ...params }) {
  try {
    const { definitions } = parse(params.query, { noLocation: true });
    const names = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).map(({ name }) => name?.value);
    return names.includes(operationName) ? { ...params, operationName } : params;
  } catch {
    return params; // the gateway tells what is wrong with the query
  }
}

/**
 * Post a query to the address of this very page and return whatever JSON comes back, be the status 200, 401 or 503:
 * the gateway says in the body what is wrong. A body that is no JSON is shown as it came, beside its status; where
 * there is no answer at all, that is said as an error is.
 */
export async function askGateway(params, { headers } = {}) {
  let response, body;
  try {
    response = await fetch(window.location.pathname, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        Accept: 'application/graphql-response+json, application/json;q=0.9',
        'Content-Type': 'application/json',
        ...credentialHeaders(),
        ...headers,
      },
      body: JSON.stringify(withKnownOperation(params)),
    });
    body = await response.text();
  } catch {
    return { errors: [{ message: 'The gateway does not answer. Is it still running? Run the query again once it is.' }] };
  }
  const problem = shown => ({ status: `${response.status} ${response.statusText}`.trim(), body: shown });
  try {
    const answer = JSON.parse(body);
    return answer !== null && typeof answer === 'object' && !Array.isArray(answer) ? answer : problem(answer);
  } catch {
    return problem(body);
  }
}

// Session storage alone: what is typed here ends with the browser's tab and is never in GraphiQL's saved tabs or history.
const PREFIX = 'customer-gateway:';

export const readCredential = name => sessionStorage.getItem(PREFIX + name) ?? '';

export function keepCredential(name, value) {
  if (value) sessionStorage.setItem(PREFIX + name, value);
  else sessionStorage.removeItem(PREFIX + name);
}

/** The headers of the next request; a pasted "Bearer …" is taken as the token that it holds. */
export function credentialHeaders() {
  const token = readCredential('token').trim().replace(/^bearer\s+/i, '');
  const tenant = readCredential('tenant').trim();
  return {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(tenant && { 'X-Tenant': tenant }),
  };
}

'use strict';

// The token stands behind the #, which no server is sent; it leaves the address, and so the history, at once.
const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, '', location.pathname);

const forms = {
  password: {
    form: document.getElementById('password-form'),
    query: 'mutation SetPassword($token: String!, $password: String!) {'
      + ' done: resetPassword(token: $token, newPassword: $password) { ok errors { code message } } }',
    done: 'Your password is set. You can log in with it now.',
  },
  login: {
    form: document.getElementById('login-form'),
    query: 'mutation ConfirmLogin($token: String!) { done: confirmLogin(token: $token) { ok errors { code message } } }',
    done: 'Your address is confirmed. Log in with it from now on.',
  },
};
const told = document.getElementById('told');
const chosen = forms[given.get('for') ?? 'password'];

function tell(message, kind) {
  told.textContent = message;
  told.className = kind;
}

async function ask(variables) {
  const tenant = given.get('tenant');
  const answer = await fetch('graphql', {
    method: 'POST',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { 'Content-Type': 'application/json', ...(tenant === null ? {} : { 'X-Tenant': encoded(tenant) }) },
    body: JSON.stringify({ query: chosen.query, variables: { token: given.get('token'), ...variables } }),
  });
  const body = await answer.json();
  const errors = body.errors ?? body.data?.done?.errors ?? [];
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join(' '));
  if (!body.data?.done?.ok) throw new Error('That did not work: try again later.');
}

// A header holds bytes: those of UTF-8, each as the letter that has its number.
function encoded(text) {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

async function submit(event) {
  event.preventDefault();
  const form = chosen.form;
  const button = form.querySelector('button');
  const password = form.elements.password?.value;
  if (password !== undefined && password !== form.elements.again.value) {
    tell('The two passwords are not the same.', 'wrong');
    return;
  }
  button.disabled = true;
  tell('One moment …', '');
  try {
    await ask(password === undefined ? {} : { password });
    form.reset();
    form.hidden = true;
    tell(chosen.done, 'right');
  } catch (error) {
    tell(error instanceof TypeError ? 'The gateway cannot be reached: try again later.' : error.message, 'wrong');
    button.disabled = false;
  }
}

if (!given.get('token') || chosen === undefined) {
  tell('This page is reached by the link of a letter. Open that link again, or ask for a new one.', 'wrong');
} else {
  chosen.form.hidden = false;
  chosen.form.addEventListener('submit', submit);
}

import { useState } from 'react';
import { keepCredential, readCredential } from './credentials.js';

function Credential({ name, label, onSettled, ...input }) {
  const [value, setValue] = useState(() => readCredential(name));
  function change(event) {
    setValue(event.target.value);
    keepCredential(name, event.target.value);
  }
  return (
    <label className="credential">
      <span>{label}</span>
      <input
        {...input}
        name={name}
        value={value}
        onChange={change}
        onBlur={onSettled}
        onKeyDown={event => event.key === 'Enter' && onSettled()}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
    </label>
  );
}

/** The title, and who asks: *onSettled* is called when a field is left or confirmed. */
export function Bar({ onSettled }) {
  return (
    <header className="bar">
      <h1>
        <a href="./">Customer Gateway</a>
      </h1>
      <Credential name="token" label="Token" type="password" placeholder="none" onSettled={onSettled} />
      <Credential name="tenant" label="X-Tenant" type="text" placeholder="none" onSettled={onSettled} />
    </header>
  );
}

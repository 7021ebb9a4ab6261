import { useEditorContext } from '@graphiql/react';
import { EXAMPLES } from './examples.js';

function ExamplesIcon(props) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <title>examples icon</title>
      <path d="M2 3h12M2 8h8M2 13h5M11.5 9.5v5l3.5-2.5z" strokeLinejoin="round" />
    </svg>
  );
}

function Examples() {
  const { tabs, changeTab, addTab, queryEditor, variableEditor } = useEditorContext({ nonNull: true });
  function open(example) {
    const at = tabs.findIndex(tab => tab.query === example.query);
    if (at >= 0) {
      changeTab(at);
      return;
    }
    addTab();
    queryEditor.setValue(example.query);
    variableEditor.setValue(example.variables);
  }
  return (
    <section aria-label="Examples" className="examples">
      <div className="graphiql-doc-explorer-title">Examples</div>
      {EXAMPLES.map(example => (
        <button type="button" key={example.audience} onClick={() => open(example)}>
          <strong>{example.audience}</strong>
          <span>{example.about}</span>
        </button>
      ))}
    </section>
  );
}

export const EXAMPLES_PLUGIN = { title: 'Examples', icon: ExamplesIcon, content: Examples };

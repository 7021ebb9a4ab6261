import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Bar } from './bar.jsx';
import { credentialHeaders } from './credentials.js';
import { EXAMPLES_PLUGIN } from './examples-plugin.jsx';
import { EXAMPLES } from './examples.js';
import { askGateway } from './fetcher.js';
import 'graphiql/style.css';
import './style.css';

const PLUGINS = [EXAMPLES_PLUGIN];

function Page() {
  const [asker, setAsker] = useState(whoAsks);
  // GraphiQL reads the schema again when it is handed another fetcher: who may not see it yet may see it with a token.
  const fetcher = useMemo(() => (...request) => askGateway(...request), [asker]);
  return (
    <>
      <Bar onSettled={() => setAsker(whoAsks())} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={EXAMPLES}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          plugins={PLUGINS}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

// GraphiQL fills its variables pane from its storage, not from the first of the default tabs.
if (localStorage.getItem('graphiql:tabState') === null) localStorage.setItem('graphiql:variables', EXAMPLES[0].variables);

const whoAsks = () => JSON.stringify(credentialHeaders());

createRoot(document.getElementById('graphiql')).render(<Page />);

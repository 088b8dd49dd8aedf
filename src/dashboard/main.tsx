import { render } from 'preact'

render(
  <main>
    <h1>Inlet</h1>
  </main>,
  document.body,
)

// The editor of the page of queries: CodeMirror with SQL, the tables of the database, and colours of the page's style.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql, SQLDialect } from "@codemirror/lang-sql";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

// What a query that only reads is made of; the names of all the rest would stand in the way of those that are meant.
const dialect = SQLDialect.define({
  keywords:
    "all and any as asc between by case cast cross current_date desc describe distinct else end escape except exists " +
    "explain analyze false fetch filter first following for from full group having in inner intersect is join last " +
    "lateral left like ilike limit natural not null nulls offset on or order outer over partition preceding qualify " +
    "range recursive right row rows select similar some summarize then true unbounded union using values when where " +
    "window with within",
  types: "bigint boolean char date decimal double float int integer interval numeric real smallint text time timestamp varchar",
  builtin:
    "abs avg coalesce concat count dense_rank extract first_value greatest lag last_value lead least length lower max " +
    "min nullif rank replace round row_number string_agg substr substring sum trim upper",
  doubleDollarQuotedStrings: false,
  operatorChars: "*/+-%<>!=&|~^",
});

// Put an editor in the place of a text area. `run` is what Ctrl+Enter does; Tab leaves the editor, as everything else.
export function open(area, { nonce, schema, labels, phrases, run }) {
  const go = () => {
    run();
    return true;
  };
  const view = new EditorView({
    doc: area.value,
    selection: { anchor: area.value.length },
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of(labels),
      EditorState.phrases.of(phrases),
      Prec.highest(keymap.of([{ key: "Ctrl-Enter", run: go }, { key: "Mod-Enter", run: go }])),
      lineNumbers(),
      history(),
      bracketMatching(),
      highlightActiveLine(),
      autocompletion({ icons: false }),
      sql({ dialect, schema }),
      syntaxHighlighting(classHighlighter),
      EditorView.lineWrapping,
      keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) area.value = update.state.doc.toString();
      }),
    ],
  });
  area.after(view.dom);
  area.hidden = true;
  return {
    write: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    select: (at) => view.dispatch({ selection: { anchor: at }, scrollIntoView: true }),
    focus: () => view.focus(),
  };
}

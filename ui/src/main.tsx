import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/index.css";
import "./shared/tokens.css";
import "./shared/base.css";
import { App } from "./app/App";
import { prefs } from "./shared/prefs";

prefs.start();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);

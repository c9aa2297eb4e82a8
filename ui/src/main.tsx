import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/index.css";
import "./shared/tokens.css";
import "./shared/base.css";
import { App } from "./app/App";
import { QuickCapture } from "./capture/QuickCapture";
import { prefs } from "./shared/prefs";

prefs.start();
const isCapture = location.hash === "#capture";
const root = document.getElementById("root");
if (root) createRoot(root).render(isCapture ? <QuickCapture /> : <App />);

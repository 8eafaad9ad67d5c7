// The page's first script: small, so that it runs while the others are still on their way.
import { askFirst } from "./api/opening.ts";
import "./theme.ts";
import "@fontsource-variable/inter";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/views.css";
import "./styles/overview.css";
import "./styles/run.css";
import "./styles/lists.css";

askFirst();

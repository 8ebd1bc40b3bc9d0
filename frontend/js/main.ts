// Starts htmx and the behaviours; a page asks for them by data-behaviour="name name".
import "htmx.org";
import { attach } from "./attach.ts";
import { upload } from "./behaviours/upload.ts";
import { browser } from "./behaviours/browser.ts";
import { composer } from "./behaviours/composer.ts";
import { counts } from "./behaviours/counts.ts";
import { dialog } from "./behaviours/dialog.ts";
import { drafts } from "./behaviours/drafts.ts";
import { hotkeys } from "./behaviours/hotkeys.ts";
import { limit } from "./behaviours/limit.ts";
import { menu } from "./behaviours/menu.ts";
import { pane } from "./behaviours/pane.ts";
import { refresh } from "./behaviours/refresh.ts";
import { rows } from "./behaviours/rows.ts";
import { shifts } from "./behaviours/shifts.ts";
import { theme } from "./behaviours/theme.ts";
import { thread } from "./behaviours/thread.ts";
import { tick } from "./behaviours/tick.ts";
import { typing } from "./behaviours/typing.ts";
import { undo } from "./behaviours/undo.ts";
import { visitor } from "./behaviours/visitor.ts";
import { walk } from "./behaviours/walk.ts";
import { watch } from "./behaviours/watch.ts";
import { live } from "./live.ts";

attach({ browser, composer, counts, dialog, drafts, hotkeys, limit, live, menu, pane, refresh, rows, shifts, theme, thread, tick, typing, undo, upload, visitor, walk, watch });

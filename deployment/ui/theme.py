"""CSS that Streamlit's theme cannot express. Colours are in palette.py, sentences in deployment/reader/wording.py."""

# currentColor and color-mix follow the light and the dark theme.
CSS = """
/* Streamlit's bar holds one menu: no band across the page */
[data-testid="stHeader"] {background: transparent; left: auto; width: auto; height: 2.75rem; min-height: 0;}
.block-container {max-width: 1180px; padding: 2.75rem 1.25rem 3rem;}
.q {line-height: 1.4;}
.q p {margin: 0 0 .35rem;}
.q-quiet {color: color-mix(in srgb, currentColor 78%, transparent); font-size: .875rem;}
.q-title {font-size: 1.7rem; font-weight: 700; line-height: 1.1; margin: 0;}
.q-label {font-weight: 600; margin: 0 0 .4rem;}
.q figure {margin: 0;}
.q figcaption {margin-top: .35rem;}
.q-pixels {image-rendering: pixelated; display: block; width: 100%; border-radius: .3rem;}
.q-sees {width: 196px; max-width: 100%;}
.q-answer {display: flex; gap: 1.1rem; align-items: center; min-height: 7.2rem; margin-bottom: .7rem;}
.q-digit {font-size: 6rem; font-weight: 700; line-height: 1; min-width: 3.6rem; text-align: center;}
.q-guess .q-digit {font-size: 2.2rem; min-width: 1.6rem;}
/* #111 on any of the four emotions: at least 5:1 */
.q-emotion {display: inline-block; padding: .1rem .7rem; border-radius: 1rem; font-weight: 600; color: #111111;}
/* a number: as large as its longest line has room for, that of a page small */
.q-number {flex-wrap: wrap; gap: .4rem 1.6rem;}
.q-lines {container-type: inline-size; flex: 1 1 16rem; min-width: 0; max-width: calc(var(--signs) * 4rem);}
.q-signs {font-size: min(6rem, calc(100cqw / var(--signs) / 0.58)); font-weight: 700; line-height: 1.1;
    font-variant-numeric: tabular-nums; white-space: nowrap; min-height: 1.1em;}
.q-page .q-signs {font-size: min(1.5rem, calc(100cqw / var(--signs) / 0.58));}
.q-doubt {text-decoration: underline wavy 2px #E69F00; text-underline-offset: .12em;}
.q-bars {border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;}
.q-bars th, .q-bars td {padding: 1px 0; border: 0; height: 1.4rem;}
.q-bars th {width: 1.4rem; text-align: left; font-weight: 500;}
.q-bars td:last-child {width: 4.6rem; text-align: right;}
.q-bars .q-best {font-weight: 700;}
.q-track {background: color-mix(in srgb, currentColor 9%, transparent); border-radius: .2rem; height: .85rem;}
.q-fill {display: block; height: 100%; border-radius: .2rem; min-width: 1px;
         background: color-mix(in srgb, currentColor 55%, transparent);}
.q-file {margin-top: -1rem !important; overflow-wrap: anywhere;}
figure:is(.q-boxed, .q-paper) {margin: 0;}
.q-boxed div {position: relative; width: min(100%, calc(400px * var(--ratio)));}
.q-boxed img {display: block; width: 100%; border-radius: .3rem;}
img.q-tiny {image-rendering: pixelated;}
.q-boxed span {position: absolute; outline: 3px solid #E69F00; border-radius: .15rem;}
.q-boxed span.q-left {outline: 3px dashed #D55E00;}
figure.q-paper > div {position: relative; width: min(100%, calc(400px * var(--ratio)));}
.q-paper img {display: block; width: 100%; border-radius: .3rem; outline: 1px solid #8c8c8c;}
.q-paper div span {position: absolute; outline: 1px solid #111111; border-radius: .15rem;}
.q-paper div span b {position: absolute; left: -1px; bottom: calc(100% + 1px); padding: 0 .3rem; font-size: .75rem;
    line-height: 1.1rem; color: #ffffff; background: #111111; border-radius: .15rem;}
.q-paper div span.q-high b {bottom: auto; top: -1px;}
.q-paper div span.q-part {outline: 2px dashed #111111; box-shadow: 0 0 0 2px #ffffff;}
.q-paper ul {display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; margin: .2rem 0 0; padding: 0;}
.q-paper li {font-size: .875rem; margin: 0; padding: 0;}
.q-paper .q-dot {outline: 1px solid color-mix(in srgb, currentColor 50%, transparent);}
.q-row + .q-row {margin-top: 1rem;}
.q-row {display: grid; grid-template-columns: repeat(auto-fit, minmax(215px, 1fr)); gap: 1rem 1.5rem;}
.q-scale {height: .5rem; border-radius: .25rem; margin-top: .4rem;}
.q-ends {display: flex; justify-content: space-between; font-size: .8rem;}
.q-why {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 1.5rem 2.2rem;}
.q-stale {opacity: 0.45;}
.q-trio, .q-pair {display: grid; grid-template-columns: repeat(3, minmax(0, 150px)); gap: .8rem;}
.q-pair {grid-template-columns: repeat(2, minmax(0, 231px));}
.q-tiles {display: flex; flex-wrap: wrap; gap: .7rem .8rem;}
.q-tile {width: 68px; text-align: center; line-height: 1.25; overflow-wrap: anywhere;}
.q-none {border: 1px dashed currentColor; border-radius: .3rem; padding: .6rem .2rem; font-size: .875rem;}
.q-wide .q-tile {width: 168px;}
.q-opens {display: block; width: 100%; padding: 0; border: 0; background: none; cursor: pointer; border-radius: .3rem;}
.q-opens:is(:hover, :focus-visible) {outline: 3px solid #0072B2; outline-offset: 1px;}
.q-glimpse {position: fixed; z-index: 99; width: 84px; height: 84px; image-rendering: pixelated; pointer-events: none;
    border-radius: .4rem; outline: 2px solid #0072B2;}
.q-dot {display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin-right: .35em;}
.q-help summary {cursor: pointer; margin-bottom: .35rem;}
.q-bars.q-layers th:first-child {width: 7.5rem;}
.q-bars.q-layers :is(th, td):nth-child(2) {width: 3.2rem;}
.q-bars.q-layers :is(th, td):nth-child(n + 4) {width: 5rem; text-align: right; white-space: nowrap;}
.q-bars thead :is(th, td) {font-size: .8rem; font-weight: 500;}
.q-emotions th {width: 6rem;}
.q-emotions td:nth-child(3) {width: 3.2rem; text-align: right;}
.q-emotions td:last-child {width: 5.5rem;}
.q-confusion {border-collapse: separate; border-spacing: 2px; font-variant-numeric: tabular-nums;}
.q-confusion caption {caption-side: bottom; text-align: left; padding-top: .35rem;}
.q-confusion :is(th, td) {width: 2.1rem; min-width: 1.5rem; height: 1.7rem; padding: 0; border: 0; text-align: center;
    font-weight: 500;}
.q-confusion tbody td {background: color-mix(in srgb, currentColor 6%, transparent); border-radius: .2rem;}
.q-confusion td.q-hit {background: color-mix(in srgb, currentColor 20%, transparent);}
.q-confusion td.q-miss {background: #E69F00; color: #111111;}
.q-card {border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: .5rem;
         padding: .6rem .9rem;}
.q-card strong {font-size: 1.5rem;}
.q-notice {border-left: 4px solid #0072B2; padding: .5rem .9rem; margin-bottom: .6rem;
           background: color-mix(in srgb, #0072B2 10%, transparent); border-radius: 0 .4rem .4rem 0;}
.q-hidden {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;}
[class*="st-key-example_"] button {--side: 64px; width: calc(var(--side) * var(--ratio, 1)); height: var(--side);
    min-height: 0; padding: 0; border-radius: .4rem;
    background-size: cover;}
[class*="st-key-example_"] button p {position: absolute;
    width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);}
[class*="st-key-example_"] button:is(:hover, :focus-visible) {outline: 3px solid #0072B2; outline-offset: 1px;}
@media (max-width: 640px) {
  [data-testid="seen"] figure {display: flex; gap: .9rem; align-items: center;}
  .q-sees {width: 64px; flex: none;}
  .q-tiles {gap: .5rem;}
  .q-tile {width: 58px;}
  .q-wide .q-tile {width: 46%;}
  .q-bars.q-layers th:first-child {width: 6.5rem;}
  .q-layers :is(th, td):nth-child(5) {display: none;}
  [class*="st-key-example_"] button {--side: 48px;}
}
[data-testid="stCaptionContainer"] {opacity: 0.78;}
.st-key-rest, .st-key-upload_watch {position: absolute;}
.st-key-surface {display: grid; grid-template: "drawing seen answer" auto "drawing seen details" 1fr
    "apart apart apart" auto "choices choices choices" auto / minmax(0, 400px) 200px minmax(0, 1fr); gap: 0 1.6rem;}
.st-key-surface :has(.st-key-answer):not(:has(> .st-key-answer)) {display: contents;}
.st-key-surface :has(> .st-key-answer) {grid-area: answer; min-height: 8.2rem;}
.st-key-surface :has(> .st-key-drawing) {grid-area: drawing;}
.st-key-surface :has(> .st-key-seen) {grid-area: seen;}
.st-key-surface :has(> .st-key-choices) {grid-area: choices; margin-top: 1.2rem;}
.st-key-surface :has(> .st-key-details) {grid-area: details; min-height: 19rem;}
.st-key-surface :has(> .st-key-taken_apart) {grid-area: apart;}
.st-key-surface :has(> .st-key-taken_apart):has(figure) {margin-top: 1.2rem;}
[class*="st-key-canvas_"], [class*="st-key-canvas_"] :is(.stBidiComponent, .stBidiComponent > div) {width: 100%;}
.st-key-canvas_digit {aspect-ratio: 1;}
.st-key-canvas_number {aspect-ratio: 3;}
.st-key-wide .st-key-surface {grid-template: "drawing" "answer" "apart" "choices" "seen" "details" / minmax(0, 1fr);}
.st-key-wide :is(.st-key-answer, .q-answer) {min-height: 0;}
.st-key-wide .st-key-surface :has(> .st-key-answer) {min-height: 8rem; margin-top: .8rem;}
.st-key-wide .st-key-surface:has(.q-paper) {
    grid-template: "drawing" "answer" "seen" "details" "apart" "choices" / minmax(0, 1fr);}
.st-key-phone_menu, .st-key-again, .st-key-camera {display: none;}
@media (max-width: 640px) {
  .block-container {padding-top: .6rem;}
  [data-testid="stHeader"] {display: none;}
  .st-key-head {gap: .4rem 1rem;}
  .st-key-head > * {width: auto !important; min-width: 0 !important; flex: 0 1 auto !important;}
  .st-key-head > :has(.q-title) {flex: 1 1 auto !important;}
  .st-key-head > :has(.st-key-menu) {flex: 1 1 100% !important;}
  .st-key-head > :has(.st-key-menu):not(.st-key-head:has(details[open]) > *) {display: none;}
  .st-key-mark {width: 110px !important; height: 26px; overflow: hidden;}
  .st-key-mark iframe {min-width: 170px; transform: scale(0.64); transform-origin: 0 0;}
  .st-key-head .q-quiet {display: none;}
  .st-key-phone_menu {display: block; width: auto;}
  .st-key-camera {display: flex;}
  .st-key-canvas_number {aspect-ratio: 7 / 4;}
  .st-key-menu {display: none;}
  .st-key-head:has(details[open]) .st-key-menu {display: flex; width: 100%;}
  .q-menu summary {list-style: none; cursor: pointer; min-height: 44px; min-width: 44px; display: grid;
      place-items: center; font-size: 1.4rem; border-radius: .5rem;
      border: 1px solid color-mix(in srgb, currentColor 25%, transparent);}
  .st-key-surface {grid-template: "answer" "drawing" "apart" "seen" "details" "choices" / minmax(0, 1fr);}
  .st-key-surface :has(> .st-key-answer), .q-answer {min-height: 5.2rem;}
  .st-key-surface :has(> .st-key-details) {min-height: 0;}
  .st-key-square .st-key-surface :has(> :is(.st-key-seen, .st-key-details)) {margin-top: .6rem;}
  .q-answer {margin-bottom: 0;}
  .q-digit {font-size: 4.4rem;}
}
.st-key-mark iframe {display: block;}
/* one limit for all files: the label names that of a picture and that of a ZIP */
.st-key-files [data-testid="stFileUploaderDropzoneInstructions"] {display: none;}
@media (prefers-reduced-motion: reduce) {.st-key-mark {display: none;}}
"""

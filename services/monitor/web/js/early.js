// The remembered theme and language, set before the first paint so that nothing flashes. A classic script, for modules run later.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
    const language = localStorage.getItem("language") ?? navigator.language;
    root.lang = language.startsWith("zh") ? "zh" : "en";
  } catch {
    // Storage is closed to us; the defaults of index.html stand.
  }
})();

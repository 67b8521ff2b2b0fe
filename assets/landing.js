/* The front page: the price of a month, and sample calls that are read aloud where this device has a voice of its own. */

/* As kametrix/services/estimate.py: started minutes, whole cents. */
const kametrixMonth = (calls, days, seconds, rate) => {
  const inMonth = Math.floor((calls * days * 52 + 6) / 12);
  const minutes = inMonth * Math.ceil(seconds / 60);
  return { calls: inMonth, minutes, cents: minutes * rate };
};

(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const counted = (count, noun) => `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
  const dollars = (cents) => `$${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const put = (element, words) => { if (element && element.textContent !== words) element.textContent = words; };

  /* The price of a month */
  const reckon = (calculator) => {
    const value = (name) => Number(calculator.querySelector(`[name=${name}]`).value);
    const seconds = value("seconds");
    const month = kametrixMonth(value("calls"), value("days"), seconds, Number(calculator.dataset.rate));
    const shows = { calls: value("calls"), days: value("days"), seconds: clock(seconds) };
    const reckoned = { price: dollars(month.cents), calls: counted(month.calls, "call"), minutes: counted(month.minutes, "started minute") };
    for (const [name, words] of Object.entries(shows)) put(calculator.querySelector(`[data-shows-value=${name}]`), String(words));
    for (const [name, words] of Object.entries(reckoned)) put(calculator.querySelector(`[data-reckoned=${name}]`), words);
    calculator.querySelector("[name=seconds]").setAttribute("aria-valuetext", `${Math.floor(seconds / 60)} minutes ${seconds % 60} seconds`);
  };
  const preset = (button) => {
    const calculator = button.closest("[data-calculator]");
    const values = button.dataset.preset.split(" ");
    ["calls", "days", "seconds"].forEach((name, place) => { calculator.querySelector(`[name=${name}]`).value = values[place]; });
    reckon(calculator);
  };
  addEventListener("input", (event) => {
    const calculator = event.target.closest?.("[data-calculator]");
    if (calculator) reckon(calculator);
  });

  /* Sample calls. Only voices on this device: others would send the words to somebody else's server. */
  const WAIT = 2500; // for a voice that never begins
  const synthesis = window.speechSynthesis;
  const voices = () => (synthesis?.getVoices() ?? []).filter((voice) => voice.localService && /^en\b/i.test(voice.lang));
  const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const isSeen = (element) => { const { top, bottom } = element.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
  let sound = true;
  let playing = null;
  voices(); // they are loaded when first asked for

  const mark = () => {
    const isOn = playing !== null && playing.isGoing;
    document.querySelectorAll("[data-samples]").forEach((place) => place.classList.toggle("playing", isOn));
    document.querySelectorAll("[data-stop-sample]").forEach((button) => {
      button.disabled = playing === null;
      button.toggleAttribute("data-disabled", playing === null);
    });
    document.querySelectorAll("[data-sample]").forEach((sample) => sample.classList.toggle("running", isOn && sample === playing.sample));
  };
  const tell = (isAloud) => {
    const note = document.querySelector("[data-sample-note]");
    note.dataset.aloud ??= note.textContent;
    put(note, isAloud || !sound ? note.dataset.aloud : note.dataset.sampleNote);
  };
  const silence = () => {
    if (!playing) return;
    playing.beat++;
    clearTimeout(playing.timer);
    synthesis?.cancel();
  };
  const reset = (sample) => {
    sample.querySelectorAll(".soon, .turn-now").forEach((part) => part.classList.remove("soon", "turn-now"));
    put(sample.querySelector("[data-clock]"), clock(sample.dataset.seconds));
  };
  const stop = () => {
    if (!playing) return;
    silence();
    reset(playing.sample);
    playing = null;
    mark();
  };
  const speak = (turn, began, ended, failed) => {
    const [first, second] = voices();
    const isAgent = turn.dataset.speaker === "agent";
    const speech = new SpeechSynthesisUtterance(turn.querySelector("[data-words]").textContent);
    speech.voice = isAgent ? first : second ?? first;
    speech.lang = speech.voice.lang;
    speech.pitch = isAgent ? 1.05 : second ? 1 : 0.8;
    Object.assign(speech, { onstart: began, onend: ended, onerror: failed });
    synthesis.speak(speech);
  };
  const follow = () => {
    if (!playing?.isGoing) return;
    const { turns, at, since, isAloud, sample } = playing;
    const from = Number(turns[at].dataset.second);
    const until = Number(turns[at + 1]?.dataset.second ?? sample.dataset.seconds);
    put(sample.querySelector("[data-clock]"), clock(Math.min(until, from + ((performance.now() - since) / 1000) * (isAloud ? 1 : 2))));
  };
  const next = () => {
    const run = playing;
    const turn = run.turns[run.at];
    if (!turn) return stop();
    const beat = ++run.beat;
    const still = (work) => () => { if (playing === run && run.beat === beat) work(); };
    const on = still(() => { run.at++; next(); });
    const until = Number(run.turns[run.at + 1]?.dataset.second ?? run.sample.dataset.seconds);
    const show = () => { run.timer = setTimeout(on, (until - Number(turn.dataset.second)) * 500); };
    turn.classList.remove("soon");
    if (run.at === 0 || isSeen(run.turns[run.at - 1])) turn.scrollIntoView({ block: "nearest" });
    run.turns.forEach((each) => each.classList.toggle("turn-now", each === turn));
    run.since = performance.now();
    run.isAloud = sound && !run.isMute && voices().length > 0;
    tell(run.isAloud);
    if (!run.isAloud) return show();
    const failed = still(() => { run.isMute = true; silence(); next(); });
    run.timer = setTimeout(failed, WAIT);
    speak(turn, still(() => { clearTimeout(run.timer); run.since = performance.now(); }), on, failed);
  };
  const play = (place) => {
    const sample = place.querySelector("[data-sample]:not([hidden])");
    if (playing?.sample !== sample) {
      stop();
      playing = { sample, turns: [...sample.querySelectorAll("[data-second]")], at: 0, beat: 0, isGoing: false };
      if (!isCalm()) [...playing.turns, sample.querySelector(".sample-summary")].forEach((part) => part.classList.add("soon"));
    }
    playing.isGoing = !playing.isGoing;
    mark();
    playing.isGoing ? next() : silence();
  };
  const pick = (button) => {
    stop();
    const place = button.closest("[data-samples]");
    place.querySelectorAll("[data-pick-sample]").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
    place.querySelectorAll("[data-sample]").forEach((sample) => { sample.hidden = sample.dataset.sample !== button.dataset.pickSample; });
  };
  const mute = (button) => {
    sound = !sound;
    button.setAttribute("aria-pressed", String(sound));
    if (playing?.isGoing) { silence(); next(); }
  };

  addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const found = (name) => event.target.closest(`[data-${name}]`);
    if (found("preset")) preset(found("preset"));
    else if (found("play-sample")) play(found("samples"));
    else if (found("stop-sample")) stop();
    else if (found("pick-sample")) pick(found("pick-sample"));
    else if (found("sample-sound")) mute(found("sample-sound"));
  });
  addEventListener("pagehide", stop);
  setInterval(() => {
    document.querySelectorAll("[data-calculator]").forEach((calculator) => {
      if (calculator.dataset.reckonedFor === calculator.dataset.rate) return;
      calculator.dataset.reckonedFor = calculator.dataset.rate;
      reckon(calculator);
    });
    if (playing && !playing.sample.isConnected) stop();
    follow();
  }, 250);
})();

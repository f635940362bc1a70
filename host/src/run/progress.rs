//! What a person sees while a run goes on: bars on a terminal, lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{cell::RefCell, io::IsTerminal};

/// See the module.
pub struct Progress {
    shown: bool,
    terminal: bool,
    bars: MultiProgress,
    stage: RefCell<Option<ProgressBar>>,
}

impl Progress {
    /// Nothing is written unless `shown`.
    #[must_use]
    pub fn new(shown: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if shown && terminal {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { shown, terminal, bars: MultiProgress::with_draw_target(target), stage: RefCell::default() }
    }

    /// The run has come to this.
    pub fn stage(&self, what: &str) {
        if !self.shown {
            return;
        }
        if !self.terminal {
            eprintln!("{what}");
            return;
        }
        if let Some(before) = self.stage.take() {
            before.finish_and_clear();
            let _ = self.bars.println(format!("  done  {}", before.message()));
        }
        let style = ProgressStyle::with_template("  {spinner}     {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.bars.add(ProgressBar::new_spinner().with_style(style));
        bar.set_message(what.to_owned());
        bar.tick();
        self.stage.replace(Some(bar));
    }

    /// Something worth a line.
    pub fn note(&self, what: &str) {
        if self.shown && self.terminal {
            let _ = self.bars.println(format!("  note  {what}"));
        } else if self.shown {
            eprintln!("note: {what}");
        }
    }

    /// A bar for bytes.
    #[must_use]
    pub fn bytes(&self, what: &'static str, total: u64) -> ProgressBar {
        self.bar(what, total, "  {prefix:9} {bar:32} {bytes:>10} of {total_bytes}  {bytes_per_sec}")
    }

    /// A line for whoever reads a log; on a terminal there is one that changes.
    pub fn log(&self, what: &str) {
        if self.shown && !self.terminal {
            eprintln!("{what}");
        }
    }

    /// A line that changes.
    #[must_use]
    pub fn line(&self) -> ProgressBar {
        let style = ProgressStyle::with_template("  {spinner}     {msg}");
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
    }

    /// A bar for a count.
    #[must_use]
    pub fn count(&self, what: &'static str, total: u64) -> ProgressBar {
        self.bar(what, total, "  {prefix:9} {bar:32} {pos:>10} of {len}")
    }

    fn bar(&self, what: &'static str, total: u64, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new(total).with_style(style.progress_chars("=> ")));
        bar.set_prefix(what);
        bar
    }

    /// Takes everything off the screen.
    pub fn finish(&self) {
        if let Some(last) = self.stage.take() {
            last.finish_and_clear();
        }
        let _ = self.bars.clear();
    }
}

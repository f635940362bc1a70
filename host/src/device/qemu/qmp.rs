//! QEMU's monitor: commands and events as lines of JSON.

use super::{
    Version,
    lines::{How, Lines, Lost},
};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Events that are kept until somebody waits for them.
const KEPT_EVENTS: usize = 64;

/// Why a command gave no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The conversation is lost.
    Lost(Lost),
    /// QEMU refused, in these words.
    Refused { command: String, reason: String },
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// A client.
#[derive(Debug)]
pub(super) struct Qmp {
    lines: Lines,
    asked: String,
    last_id: u64,
    events: VecDeque<String>,
}

impl Qmp {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines, asked: "the greeting of its monitor".into(), last_id: 0, events: VecDeque::new() }
    }

    /// The conversation itself.
    pub(super) fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// Takes QEMU's greeting, turns commands on, and returns the version it named.
    pub(super) fn greet(&mut self) -> Result<Version, Failure> {
        let greeting = self.next()?;
        let version = &greeting["QMP"]["version"]["qemu"];
        let part = |name| version[name].as_u64().and_then(|n| u32::try_from(n).ok());
        let (Some(major), Some(minor), Some(micro)) = (part("major"), part("minor"), part("micro")) else {
            return Err(self.lost(How::Garbled(greeting.to_string())).into());
        };
        let version = Version { major, minor, micro };
        if version >= Version::MINIMUM {
            self.execute("qmp_capabilities", &Value::Null)?;
        }
        Ok(version)
    }

    /// Carries out a command; `Null` arguments are none.
    pub(super) fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value, Failure> {
        self.last_id += 1;
        let mut request = json!({ "execute": command, "id": self.last_id });
        if !arguments.is_null() {
            request["arguments"] = arguments.clone();
        }
        self.asked = request.to_string();
        let text = format!("{}\n", self.asked);
        self.lines.send(text.as_bytes()).map_err(|how| self.lost(how))?;
        loop {
            let mut answer = self.next()?;
            if let Some(name) = answer["event"].as_str() {
                self.keep(name.into());
            } else if answer["id"].as_u64() != Some(self.last_id) {
                return Err(self.lost(How::Garbled(answer.to_string())).into());
            } else if let Some(reason) = answer["error"]["desc"].as_str() {
                return Err(Failure::Refused { command: self.asked.clone(), reason: reason.into() });
            } else {
                return Ok(answer["return"].take());
            }
        }
    }

    /// Waits until an event has come, if it has not come already.
    pub(super) fn wait_event(&mut self, name: &str) -> Result<(), Lost> {
        loop {
            while let Some(event) = self.events.pop_front() {
                if event == name {
                    return Ok(());
                }
            }
            let message = self.next()?;
            if let Some(event) = message["event"].as_str() {
                self.keep(event.into());
            }
        }
    }

    /// Forgets the events that have come.
    pub(super) fn forget_events(&mut self) {
        self.events.clear();
    }

    fn keep(&mut self, event: String) {
        if self.events.len() == KEPT_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn next(&mut self) -> Result<Value, Lost> {
        let line = self.lines.line().map_err(|how| self.lost(how))?;
        let text = self.lines.text(line);
        serde_json::from_str(text).map_err(|_| self.lost(How::Garbled(text.into())))
    }

    fn lost(&self, how: How) -> Lost {
        Lost { asked: self.asked.clone(), how }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write as _, os::unix::net::UnixStream, time::Duration};

    /// A client to which this has been said already, and what plays QEMU.
    fn client(said: &str) -> (Qmp, UnixStream) {
        let (lines, end) = Lines::pair(Duration::from_millis(50)).unwrap();
        let mut end = UnixStream::from(end);
        end.write_all(said.as_bytes()).unwrap();
        (Qmp::new(lines), end)
    }

    #[test]
    fn a_greeting_names_the_version() {
        let (mut qmp, _end) = client(concat!(
            r#"{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 8}, "package": ""}}}"#,
            "\r\n{\"return\": {}, \"id\": 1}\r\n"
        ));
        assert_eq!(qmp.greet().unwrap(), Version { major: 8, minor: 2, micro: 1 });
        let (mut qmp, _end) = client("{\"QMP\": {}}\n");
        assert!(matches!(qmp.greet(), Err(Failure::Lost(Lost { how: How::Garbled(_), .. }))));
    }

    #[test]
    fn answers_refusals_and_events_are_told_apart() {
        let (mut qmp, _end) = client(concat!(
            "{\"event\": \"RESET\", \"data\": {}}\n",
            "{\"return\": {\"status\": \"running\"}, \"id\": 1}\n",
            "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\n",
            "{\"return\": {}, \"id\": 7}\n",
            "not JSON\n",
        ));
        assert_eq!(qmp.execute("query-status", &Value::Null).unwrap()["status"], "running");
        qmp.wait_event("RESET").unwrap();
        let refused = qmp.execute("frob", &json!({ "a": 1 })).unwrap_err();
        assert!(
            matches!(&refused, Failure::Refused { command, reason }
            if command.contains("frob") && reason == "no such thing"),
            "{refused:?}"
        );
        // An answer to something else, then no message at all, then silence.
        for _ in 0..2 {
            let lost = qmp.execute("frob", &Value::Null).unwrap_err();
            assert!(matches!(lost, Failure::Lost(Lost { how: How::Garbled(_), .. })), "{lost:?}");
        }
        assert!(matches!(qmp.wait_event("RESET").unwrap_err().how, How::Silent(_)));
    }
}

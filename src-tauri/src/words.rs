//! What the host says outside of its window, in the language of the screen.

/// The words of one language.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub chinese: bool,
}

impl Words {
    pub fn due(self, count: usize) -> String {
        match (self.chinese, count) {
            (true, _) => format!("有 {count} 条提醒"),
            (false, 1) => "A reminder is due".to_owned(),
            (false, _) => format!("{count} reminders are due"),
        }
    }

    pub fn while_away(self, count: usize) -> String {
        match (self.chinese, count) {
            (true, _) => format!("您离开期间有 {count} 条提醒"),
            (false, 1) => "1 reminder while you were away".to_owned(),
            (false, _) => format!("{count} reminders while you were away"),
        }
    }

    pub fn more(self, count: usize) -> String {
        if self.chinese { format!("还有 {count} 条") } else { format!("and {count} more") }
    }

    pub fn due_locked(self) -> String {
        if self.chinese { "有提醒到期，请解锁 Satchel" } else { "A reminder is due; unlock Satchel" }
            .to_owned()
    }
}

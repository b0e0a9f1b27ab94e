//! Where a path really leads: links followed one by one, in a view.
//!
//! The system follows links on disk only; a view may hold other ones. Does not know what the answer is for.

use super::{State, View};
use crate::base::WsPath;

/// Links that may lead from one to the next.
const MAX_LINKS: usize = 40;

/// Follows every link on the way to a path, the last component's too, and tells each to `on_link`.
///
/// Returns the path no link is left in and what is there; nothing where links go in a circle. `..` in a link means
/// the folder above the one the link really lies in, which is why no text alone can tell it.
pub(super) fn follow(
    view: &dyn View,
    path: &WsPath,
    mut on_link: impl FnMut(&State),
) -> Option<(WsPath, State)> {
    let mut ahead = components(path.as_str());
    let mut at = if path.is_inside() { WsPath::root() } else { top(view) };
    let mut state = State::Directory;
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        let next = WsPath::new(view.root(), &at, &*name);
        state = view.state(&next);
        let State::Link { target } = &state else {
            at = next;
            match &state {
                State::Directory => continue,
                // Nothing lies below a path that is no folder, not even its `..`.
                State::File { .. } if !ahead.is_empty() => return Some((at, State::Absent)),
                _ => return Some((at, state)),
            }
        };
        links += 1;
        if links > MAX_LINKS {
            return None;
        }
        on_link(&state);
        if target.starts_with('/') {
            at = top(view);
        }
        ahead.extend(components(target));
    }
    Some((at, state))
}

/// Returns the components of a path, the first one last.
fn components(path: &str) -> Vec<String> {
    path.rsplit('/').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect()
}

fn top(view: &dyn View) -> WsPath {
    WsPath::new(view.root(), &WsPath::root(), "/")
}

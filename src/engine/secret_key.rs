//! The key that the digests of a workspace's secrets depend on: random, and nobody's but its user's.
//!
//! It lies in the user's state folder, not in the cache, which may be copied, exported and shared: without it nobody can
//! try values until one has the digest that a record holds. Where there is no such folder it lies in the cache.

use std::path::{Path, PathBuf};

use crate::{
    base::{Digest, Env},
    cache::Layout,
    sys::{self, System, asking_for_nobody},
};

/// Bytes of a key.
type Key = [u8; 32];

/// Returns the folder in which programs keep what is no setting and no cache, as the environment has it.
fn state_home(env: &Env) -> Option<PathBuf> {
    // Nothing else depends on where that is.
    let value = |name| env.all().get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    value("XDG_STATE_HOME").or_else(|| value("HOME").map(|home| home.join(".local/state")))
}

/// Returns where the key of a workspace is, outside of it.
fn place(env: &Env, root: &Path) -> Option<PathBuf> {
    let name = Digest::of(root.as_os_str().as_encoded_bytes()).to_hex();
    Some(state_home(env)?.join("az/keys").join(&name[..32]))
}

/// Reads the key of a workspace, if it has one.
pub(super) fn read_key(system: &dyn System, env: &Env, layout: &Layout, root: &Path) -> Option<Key> {
    let read = |path: &Path| asking_for_nobody(|| system.read(path)).ok()?.try_into().ok();
    place(env, root).and_then(|path| read(&path)).or_else(|| read(&layout.secret_key()))
}

/// Returns the key of a workspace, and makes one if it has none and a cache. Where it cannot be kept, no step that is given
/// a secret is reused.
pub(super) fn key_of(system: &dyn System, env: &Env, layout: &Layout, root: &Path) -> Key {
    if let Some(key) = read_key(system, env, layout, root) {
        return key;
    }
    let mut key = [0; 32];
    key.chunks_exact_mut(16).for_each(|half| half.copy_from_slice(&system.random()));
    // Who only looks writes nothing.
    if asking_for_nobody(|| system.stat(&layout.version())).is_err() {
        return key;
    }
    let kept = place(env, root).is_some_and(|path| asking_for_nobody(|| keep(system, &path, &key)).is_ok());
    if !kept {
        _ = asking_for_nobody(|| system.write(&layout.secret_key(), &key, 0o600));
    }
    // Another az may have been first.
    read_key(system, env, layout, root).unwrap_or(key)
}

fn keep(system: &dyn System, path: &Path, key: &Key) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    system.create_dir_all(folder)?;
    system.set_mode(folder, 0o700)?;
    let temporary = sys::temporary_beside(system, path);
    system.write(&temporary, key, 0o600)?;
    // One that another az made meanwhile stays; one that is damaged does not.
    let is_whole = system.read(path).is_ok_and(|known| known.len() == key.len());
    let kept = if is_whole { Ok(()) } else { system.rename(&temporary, path) };
    _ = system.remove_file(&temporary);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    fn env(values: &[(&str, &str)]) -> Env {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_key_is_made_once_and_lies_outside_the_cache() {
        let (system, root) = (Memory::new().file("/w/.azcache/v1/clock", ""), Path::new("/w"));
        let (layout, env) = (Layout::new(root), env(&[("HOME", "/home/me")]));
        let key = key_of(&system, &env, &layout, root);
        assert_eq!(key_of(&system, &env, &layout, root), key);
        assert_eq!(read_key(&system, &env, &layout, root), Some(key));
        let folder = Path::new("/home/me/.local/state/az/keys");
        let kept = system.list(folder).unwrap();
        assert_eq!((kept.len(), system.stat(folder).unwrap().mode), (1, 0o700));
        assert_eq!(system.stat(&folder.join(&kept[0].name)).unwrap().mode, 0o600);
        assert!(system.stat(&layout.secret_key()).is_err());
        // A damaged one is as good as none, and another workspace has another.
        system.write(&folder.join(&kept[0].name), b"short", 0o600).unwrap();
        let other = key_of(&system, &env, &layout, root);
        assert!(other != key && key_of(&system, &env, &layout, root) == other);
        assert!(read_key(&system, &env, &Layout::new(Path::new("/v")), Path::new("/v")).is_none());
    }

    #[test]
    fn where_there_is_no_state_folder_it_lies_in_the_cache_and_who_only_looks_writes_none() {
        let (system, root) = (Memory::new().file("/w/file", ""), Path::new("/w"));
        let layout = Layout::new(root);
        key_of(&system, &env(&[("HOME", "/h")]), &layout, root);
        assert!(system.stat(Path::new("/h")).is_err());
        system.create_dir_all(&layout.version()).unwrap();
        let key = key_of(&system, &env(&[("XDG_STATE_HOME", "relative")]), &layout, root);
        assert_eq!(system.read(&layout.secret_key()).unwrap(), key);
        assert_eq!(read_key(&system, &env(&[]), &layout, root), Some(key));
    }
}

//! `AZ08xx`: the cache.

codes! {
    CACHE_DAMAGED = 801, "a part of the cache is damaged",
        "A record or blob did not pass its checksum. It is ignored; the steps it belonged to run again.";
    CACHE_UNUSABLE = 802, "the cache cannot be written",
        "az cannot write .azcache (no space, no permission). The run goes on; its results are not kept.";
    SET_ASIDE = 803, "a file that was edited by hand was set aside",
        "A step's output was edited since az made it. az never overwrites such work: the edited version was moved to \
         .azcache/v1/kept/, from where it can be copied back.";
    NO_SUCH_ENTRY = 804, "the cache has no such entry",
        "No record or key starts with this text. `az cache list` shows what there is.";
}

# Debian's packages of what is missing: installed by root, else unpacked with the
# libraries that they need below $base, a folder of the build. For any script.

# what `unpack` has brought; empty until then
unpacked() { echo "$base/packages/root"; }

# library_path: where unpacked programs find unpacked libraries
library_path() {
    local folder path=''
    for folder in "$(unpacked)"/usr/lib/*-linux-gnu* "$(unpacked)"/lib/*-linux-gnu*; do
        if [ -d "$folder" ]; then path=$path${path:+:}$folder; fi
    done
    echo "$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

# provide WHAT FINDER PACKAGE…: makes sure that FINDER finds it
provide() { obtain unpack "$@"; }

# the same for what only works where its packages put it
provide_installed() { obtain : "$@"; }

obtain() {
    local without_root=$1 what=$2 finder=$3
    shift 3
    "$finder" >/dev/null && return
    # one at a time in all of this build
    (
        mkdir -p "$base"
        exec 8>"$base/packages.lock"
        flock --wait 600 8
        "$finder" >/dev/null && exit
        : >"$base/packages.log"
        if ! command -v apt-get >/dev/null; then
            :
        elif [ "$(id -u)" -eq 0 ]; then
            echo "installing $what: $*" >&2
            install "$@" >"$base/packages.log" 2>&1 || true
        elif [ "$without_root" = unpack ]; then
            echo "unpacking $what into $base/packages: $*" >&2
            unpack "$@" >"$base/packages.log" 2>&1 || true
        fi
        "$finder" >/dev/null && exit
        tail -n 5 "$base/packages.log" >&2
        echo "error: $what is missing. On Debian 12, as root:" >&2
        echo "    apt-get update && apt-get install -y --no-install-recommends $*" >&2
        exit 1
    )
}

# again with new lists where the old ones are empty or too old
install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$@" </dev/null && return
    apt-get update </dev/null
    apt-get install -y --no-install-recommends "$@" </dev/null
}

unpack() {
    local folder=$base/packages archive link to
    # lists and archives of our own, which need nobody's permission
    local ours=(-o Debug::NoLocking=true -o Dir::Cache="$folder/cache" -o Dir::State::Lists="$folder/lists")
    mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
    apt-get "${ours[@]}" update
    apt-get "${ours[@]}" install -y --no-install-recommends --download-only "$@" </dev/null
    mkdir -p "$folder/root"
    for archive in "$folder"/cache/archives/*.deb; do
        case ${archive##*/} in
        # the C library of the machine must stay the one of all its programs
        libc6_* | libc-bin_*) ;;
        *) dpkg -x "$archive" "$folder/root" ;;
        esac
    done
    # links from the root of the file system lead into this folder
    find "$folder/root" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
        to=$(readlink "$link")
        if [ -e "$folder/root$to" ]; then ln -sfn "$folder/root$to" "$link"; fi
    done
    rm -rf "$folder/cache"
}

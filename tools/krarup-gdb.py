# SPDX-License-Identifier: Apache-2.0
"""Krarup's processes in gdb: in a running program and in a core file.

    (gdb) source krarup-gdb.py
    (gdb) krarup procs              all processes of all nodes
    (gdb) krarup mailbox <0.5.1>    what has been sent to one, in Erlang's syntax
    (gdb) krarup bt <0.5.1>         where one is, whether it runs, waits or is ready

Nothing is called in the program: memory is read, so a core file will do. Needs the debug
information of the library (struct kri_proc and what hangs off it).
"""

import re
import struct

import gdb

SLEEPING, DEAD = 1, 2  # proc.h: values of `outer` that are no signal
INT, BOX, CONS, ATOM, PID, SPEC = range(6)  # word.h: the tag of a word
(TUPLE, FLOAT, BIGPOS, BIGNEG, BIN, BLOB, MAP, XPID, PORT, REF, EXPORT, FUN) = range(12)
NIL = SPEC
FRAMES_MAX = 64
LIST_MAX = 1000  # elements that are printed of one list, and messages of one mailbox


def value(expression):
    return gdb.parse_and_eval(expression)


def plain(v):
    """An atomic or a plain integer or pointer as a Python number."""
    return int(v.cast(gdb.lookup_type("unsigned long")))


def pointer(v, type_name):
    return gdb.Value(plain(v)).cast(gdb.lookup_type(type_name).pointer())


def constant(name):
    return int(value("(int)" + name))


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address):
    return struct.unpack("<Q", memory(address, 8))[0]


def c_string(v):
    return v.string("utf-8", "replace") if plain(v) != 0 else "-"


# -- terms ------------------------------------------------------------------------------


class Atoms:
    """The texts of atoms: src/term/intern.c's chunks, each twice the one before."""

    def __init__(self):
        self.table = gdb.lookup_static_symbol("table") and value("'atom.c'::table")
        self.chunk_min = 1024

    def text(self, index):
        at, size, chunk = index, self.chunk_min, 0
        while at >= size:
            at, size, chunk = at - size, size * 2, chunk + 1
        entries = plain(self.table["chunks"][chunk])
        entry = word(entries + 8 * at) if entries else 0
        if not entry:
            return "?atom%d" % index
        atom = gdb.Value(entry).cast(gdb.lookup_type("struct atom").pointer())
        return memory(int(atom["text"].address), int(atom["len"])).decode("utf-8", "replace")


RESERVED = set(
    "after and andalso band begin bnot bor bsl bsr bxor case catch cond div end fun if "
    "let maybe not of or orelse receive rem try when xor".split()
)


def quote(text, mark):
    body = text.replace("\\", "\\\\").replace(mark, "\\" + mark).replace("\n", "\\n")
    return mark + body + mark


def atom_text(atoms, index):
    text = atoms.text(index)
    if re.fullmatch(r"[a-z][A-Za-z0-9_@]*", text) and text not in RESERVED:
        return text
    return quote(text, "'")


def pid_text(slot, index, serial):
    return "<%d.%d.%d>" % (max(slot - 1, 0), index, serial)


class Terms:
    """Print terms from memory: word.h says how they look."""

    def __init__(self):
        self.atoms = Atoms()

    def at(self, address):
        """The term in the word at `address`, where places count from the word itself."""
        w = word(address)
        return self.show((w + address) & (2**64 - 1) if w & 7 in (BOX, CONS) else w)

    def show(self, w):
        tag = w & 7
        if tag == INT:
            return str((w - 2**64 if w >> 63 else w) >> 3)
        if tag == ATOM:
            return atom_text(self.atoms, w >> 3)
        if tag == PID:
            return pid_text(w >> 3 & 63, w >> 9 & (1 << 27) - 1, w >> 36)
        if tag == CONS:
            return self.show_list(w & ~7)
        if tag == BOX:
            return self.show_box(w & ~7)
        return "[]" if w == NIL else "?none"

    def load(self, address):
        w = word(address)
        return (w + address) & (2**64 - 1) if w & 7 in (BOX, CONS) else w

    def show_list(self, cell):
        heads = []
        while len(heads) < LIST_MAX:
            heads.append(self.load(cell))
            tail = self.load(cell + 8)
            if tail & 7 != CONS:
                break
            cell = tail & ~7
        if tail == NIL and all(w & 7 == INT and 32 <= w >> 3 < 127 for w in heads):
            return quote("".join(chr(w >> 3) for w in heads), '"')
        text = ",".join(self.show(w) for w in heads)
        if tail & 7 == CONS:
            return "[%s,...]" % text
        return "[%s]" % text if tail == NIL else "[%s|%s]" % (text, self.show(tail))

    def show_bits(self, data, bits):
        if bits % 8 == 0 and all(32 <= b < 127 for b in data) and data:
            return "<<%s>>" % quote(data.decode("ascii"), '"')
        parts = [str(b) for b in data[: bits // 8]]
        if bits % 8:
            parts.append("%d:%d" % (data[bits // 8] >> 8 - bits % 8, bits % 8))
        return "<<%s>>" % ",".join(parts)

    def show_box(self, box):
        header = word(box)
        kind, extra, words = header & 0xFF, header >> 8 & 0xFF, header >> 16
        first = box + 8
        if kind == TUPLE:
            return "{%s}" % ",".join(self.at(first + 8 * i) for i in range(words))
        if kind == FLOAT:
            return repr(struct.unpack("<d", memory(first, 8))[0])
        if kind in (BIGPOS, BIGNEG):
            number = int.from_bytes(memory(first, 8 * words), "little")
            return str(number if kind == BIGPOS else -number)
        if kind == BIN:
            bits = word(first)
            return self.show_bits(memory(first + 8, (bits + 7) // 8), bits)
        if kind == BLOB:
            bits, blob = word(first), word(first + 8)
            return self.show_bits(memory(blob + 24, (bits + 7) // 8), bits)
        if kind == MAP:
            half = words // 2
            pairs = (
                "%s => %s" % (self.at(first + 8 * i), self.at(first + 8 * (half + i)))
                for i in range(half)
            )
            return "#{%s}" % ",".join(pairs)
        if kind == REF:
            return self.show_ref(first, extra)
        if kind == EXPORT:
            parts = tuple(self.at(first + 8 * i) for i in range(3))
            return "fun %s:%s/%s" % parts
        if kind in (XPID, PORT):
            number, node = word(first), word(first + 8)
            if kind == PORT:
                return "#Port<%d.%d>" % (node, number)
            return "<%d.%d.%d>" % (node, number & 0xFFFFFFFF, number >> 32)
        return "#Fun<external>"

    def show_ref(self, first, count):
        raw = memory(first, 24)
        numbers = struct.unpack("<6I", raw)
        node = numbers[5]
        printed = node - 1 if 0 < node < 64 else node
        return "#Ref<%s>" % ".".join(str(n) for n in (printed,) + numbers[: count or 3][::-1])


# -- processes --------------------------------------------------------------------------


def nodes():
    """(slot, struct kr_node *) of every node; needs the library's symbols."""
    try:
        table = value("(unsigned long *)&kri_nodes")
    except gdb.error:
        raise gdb.GdbError("no Krarup here, or no debug information of it")
    for slot in range(64):
        if int(table[slot]):
            yield slot, pointer(table[slot], "struct kr_node")


def procs():
    """(slot, index, serial, struct kri_proc) of every process."""
    free = constant("KRI_STATE_FREE")
    for slot, node in nodes():
        table = node["procs"]
        for index in range(1, int(node["slots_used"])):
            p = (table + index).dereference()
            if plain(p["outer"]) != DEAD and plain(p["state"]) != free:
                yield slot, index, plain(p["serial"]), p


def state_name(p):
    names = {}
    for name in ("FREE", "READY", "RUNNING", "WAITING", "SUSPENDED", "EXITING"):
        names[constant("KRI_STATE_" + name)] = name.lower()
    return names.get(plain(p["state"]), "?")


def find(text):
    match = re.fullmatch(r"<?(\d+)\.(\d+)\.(\d+)>?", text.strip())
    if not match:
        raise gdb.GdbError("a pid looks like <0.5.1>")
    wanted = tuple(int(n) for n in match.groups())
    for slot, index, serial, p in procs():
        if (slot - 1, index, serial) == wanted:
            return p
    raise gdb.GdbError("no such process: " + text)


def messages(p):
    """The signals in its mailbox, and those on the way, oldest first."""
    count, sig = 0, plain(p["first"])
    while sig and count < LIST_MAX:
        yield "received", pointer(gdb.Value(sig), "struct kri_sig")
        sig, count = plain(pointer(gdb.Value(sig), "struct kri_sig")["next"]), count + 1
    outer, coming = plain(p["outer"]), []
    while outer not in (0, SLEEPING, DEAD) and len(coming) < LIST_MAX:
        coming.append(outer)
        outer = plain(pointer(gdb.Value(outer), "struct kri_sig")["next"])
    for sig in reversed(coming):
        yield "on the way", pointer(gdb.Value(sig), "struct kri_sig")


def saved_frames(p):
    """Where a process that is not running goes on, and its callers: switch.h says what lies
    at its sp."""
    sp, stack = plain(p["sp"]), p["stack"]
    low, high = plain(stack["low"]), plain(stack["low"]) + int(stack["size"])
    arch = gdb.selected_inferior().architecture().name()
    frame, pc = (sp, sp + 8) if "aarch64" in arch else (sp + 8, sp)
    frame, pc = word(frame), word(pc)
    for _ in range(FRAMES_MAX):
        if pc == 0:
            return
        yield pc
        if not low <= frame <= high - 16:
            return
        outer, pc = word(frame), word(frame + 8)
        if outer and outer <= frame:
            return
        frame = outer


def place(pc):
    block, line = gdb.block_for_pc(pc - 1), gdb.find_pc_line(pc - 1)
    while block is not None and block.function is None:
        block = block.superblock
    name = block.function.print_name if block is not None else None
    if name is None:
        symbol = gdb.execute("info symbol %d" % pc, to_string=True).split(" in ")[0]
        name = symbol.strip()
    where = "%s:%d" % (line.symtab.filename, line.line) if line.symtab else ""
    return "%-28s %s" % (name, where)


def thread_of(p):
    """The gdb thread that runs p, or None."""
    tid, sched = 0, plain(p["sched"])
    if sched:
        thread = plain(pointer(p["sched"], "struct kri_sched")["thread"])
        tid = int(pointer(gdb.Value(thread), "struct kri_thread")["tid"]) if thread else 0
    else:
        thread = plain(p["node"]["threads"])
        while thread:
            record = pointer(gdb.Value(thread), "struct kri_thread")
            if plain(record["hog"]) == int(p.address):
                tid = int(record["tid"])
            thread = plain(record["next"])
    for candidate in gdb.selected_inferior().threads():
        if tid and candidate.ptid[1] == tid:
            return candidate
    return None


# -- commands ---------------------------------------------------------------------------


class Krarup(gdb.Command):
    """Krarup's processes: krarup procs, krarup mailbox <pid>, krarup bt <pid>."""

    def __init__(self):
        super().__init__("krarup", gdb.COMMAND_DATA, prefix=True)


class Procs(gdb.Command):
    """All processes: pid, state, length of the mailbox, name, entry function."""

    def __init__(self):
        super().__init__("krarup procs", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        atoms = Atoms()
        print("%-14s %-10s %8s  %-20s %s" % ("pid", "state", "mailbox", "name", "entry"))
        for slot, index, serial, p in procs():
            name = plain(p["name"])
            print(
                "%-14s %-10s %8d  %-20s %s"
                % (
                    pid_text(slot, index, serial),
                    state_name(p),
                    int(p["len"]),
                    atom_text(atoms, name) if 0 < name < 2**32 - 1 else "-",
                    c_string(p["entry_name"]),
                )
            )


class Mailbox(gdb.Command):
    """What was sent to a process: received, and on the way (signals too)."""

    def __init__(self):
        super().__init__("krarup mailbox", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        terms = Terms()
        with_term = {constant("KRI_SIG_MESSAGE"): "", constant("KRI_SIG_ALIAS"): ""}
        for where, sig in messages(find(argument)):
            kind = plain(sig["kind"])
            text = terms.at(int(sig["root"].address)) if kind in with_term else "signal %d" % kind
            print("%-10s  %s" % (where, text))


class Backtrace(gdb.Command):
    """Where a process is. One that runs is shown with its thread's frames."""

    def __init__(self):
        super().__init__("krarup bt", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        p = find(argument)
        running = constant("KRI_STATE_RUNNING")
        thread = thread_of(p) if plain(p["state"]) == running else None
        if thread is not None:
            before = gdb.selected_thread()
            thread.switch()
            gdb.execute("bt %d" % FRAMES_MAX)
            before.switch()
        elif plain(p["stack"]) == 0:
            print("no stack: it waits at the top of %s" % c_string(p["entry_name"]))
        else:
            for number, pc in enumerate(saved_frames(p)):
                print("#%-2d 0x%016x %s" % (number, pc, place(pc)))


Krarup()
Procs()
Mailbox()
Backtrace()

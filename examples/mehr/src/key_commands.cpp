#include "key_commands.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <utility>

#include "answers.h"
#include "mehr/common/text.h"
#include "mehr/l2/share.h"
#include "mehr/linux/key_store.h"
#include "mehr/linux/passphrase.h"
#include "mehr/linux/system_random.h"
#include "table.h"

namespace mehr::cli {
namespace {

using linux_port::KeyEntry;
using linux_port::KeyStore;
using linux_port::OrMessage;

int failed(const std::string& sentence) { return complain(exit_code::kFailed, sentence); }

std::uint64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// Nobody who can be asked, and nothing that stands ready.
std::string no_passphrase(const char* option) {
  return std::string("there is no passphrase: give one by ") + option +
         " N, or run this at a terminal";
}

OrMessage<l2::Passphrase> passphrase_of(const KeyOptions& what, const std::string& question) {
  auto given = linux_port::given_passphrase(what.passphrase_fd);
  if (!given) return tl::unexpected(given.error());
  if (*given) return std::move(**given);
  if (!linux_port::can_prompt()) return tl::unexpected(no_passphrase("--passphrase-fd"));
  return linux_port::prompt_passphrase(question);
}

OrMessage<l2::Passphrase> new_passphrase_of(const std::optional<int>& fd, const char* option,
                                            const std::string& question) {
  auto given = linux_port::given_passphrase(fd);
  if (!given) return tl::unexpected(given.error());
  if (*given) return std::move(**given);
  if (!linux_port::can_prompt()) return tl::unexpected(no_passphrase(option));
  return linux_port::prompt_new_passphrase(question);
}

std::string asked_for(const std::string& name) { return "passphrase of the key \"" + name + "\""; }
std::string asked_for_new(const std::string& name) {
  return "new passphrase for the key \"" + name + "\"";
}

/// A key store and where its entropy comes from.
struct Keys {
  linux_port::SystemRandom random;
  KeyStore store;
  explicit Keys(const KeyOptions& what) : store(what.data_dir, random) {}
};

void print_key(const Options& options, const KeyEntry& entry) {
  if (options.json) {
    return print_json(
        {{"name", entry.name}, {"node", common::to_text(entry.node)}, {"file", entry.path}});
  }
  print(common::to_text(entry.node) + "\n");
}

const char* kind_name(KeyEntry::Kind kind) {
  switch (kind) {
    case KeyEntry::Kind::current:
      return "current";
    case KeyEntry::Kind::next:
      return "next";
    case KeyEntry::Kind::old:
      return "old";
  }
  return "?";
}

int list_keys(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  const auto all = keys.store.list();
  if (!all) return failed(all.error());
  if (options.json) {
    Json out = Json::array();
    for (const KeyEntry& e : *all) {
      out.push_back({{"name", e.name},
                     {"node", common::to_text(e.node)},
                     {"kind", kind_name(e.kind)},
                     {"file", e.path}});
    }
    print_json({{"keys", std::move(out)}});
    return exit_code::kGood;
  }
  if (all->empty()) {
    print("no sealed keys in " + keys.store.directory() + "; mehr key new makes one\n");
    return exit_code::kGood;
  }
  Table table({"NAME", "NODE", "KIND", "FILE"});
  for (const KeyEntry& e : *all) {
    table.add({e.name, common::to_text(e.node), kind_name(e.kind), e.path});
  }
  print(table.text());
  return exit_code::kGood;
}

// Before a passphrase is asked for twice in vain.
OrMessage<void> must_be_free(const Keys& keys, const std::string& name) {
  if (!KeyStore::is_name(name)) {
    return tl::unexpected(
        "\"" + common::printable(name) +
        "\" is no name of a key: it has 1 to 32 letters, digits, \"-\" and \"_\"");
  }
  const auto there = keys.store.current(name);
  if (!there) return tl::unexpected(there.error());
  if (!*there) return {};
  return tl::unexpected("there is a key \"" + name + "\" already: " + (*there)->path +
                        "; nothing was changed");
}

int store_new(const Options& options, const KeyOptions& what, Keys& keys, const crypto::Seed& seed,
              const crypto::Seed* next) {
  const auto passphrase =
      new_passphrase_of(what.new_passphrase_fd ? what.new_passphrase_fd : what.passphrase_fd,
                        "--passphrase-fd", asked_for_new(what.name));
  if (!passphrase) return failed(passphrase.error());
  const auto made = next == nullptr ? keys.store.add(what.name, seed, *passphrase)
                                    : keys.store.add(what.name, seed, *next, *passphrase);
  if (!made) return failed(made.error());
  print_key(options, *made);
  return exit_code::kGood;
}

int new_key(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  if (const auto free = must_be_free(keys, what.name); !free) return failed(free.error());
  crypto::Seed seed;
  keys.random.fill(seed.expose_mutable());
  return store_new(options, what, keys, seed, nullptr);
}

int change_passphrase(const Options&, const KeyOptions& what) {
  Keys keys(what);
  const auto there = keys.store.current(what.name);
  if (!there) return failed(there.error());
  if (!*there) return failed("there is no key \"" + common::printable(what.name) + "\"");
  const auto from = passphrase_of(what, asked_for(what.name));
  if (!from) return failed(from.error());
  if (auto right = keys.store.unlock(**there, *from); !right) return failed(right.error());
  if (!what.new_passphrase_fd && !linux_port::can_prompt()) {
    return failed(no_passphrase("--new-passphrase-fd"));
  }
  const auto to = what.new_passphrase_fd
                      ? new_passphrase_of(what.new_passphrase_fd, "--new-passphrase-fd", "")
                      : linux_port::prompt_new_passphrase(asked_for_new(what.name));
  if (!to) return failed(to.error());
  if (auto done = keys.store.change_passphrase(what.name, *from, *to); !done) {
    return failed(done.error());
  }
  return exit_code::kGood;
}

int export_key(const Options&, const KeyOptions& what) {
  Keys keys(what);
  if (auto done = keys.store.back_up(what.name, what.file); !done) return failed(done.error());
  std::fprintf(stderr,
               "mehr: %s and %s.next are sealed under the key's passphrase; keep both, and the "
               "passphrase apart\n",
               what.file.c_str(), what.file.c_str());
  return exit_code::kGood;
}

int import_key(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  if (const auto free = must_be_free(keys, what.name); !free) return failed(free.error());
  if (::access(what.file.c_str(), R_OK) != 0) return failed("cannot read " + what.file);
  const auto passphrase = passphrase_of(what, "passphrase of " + what.file);
  if (!passphrase) return failed(passphrase.error());
  const auto seed = linux_port::read_key_file(what.file, *passphrase);
  if (!seed) return failed(seed.error());
  const std::string next_file = what.file + ".next";
  const bool has_next = ::access(next_file.c_str(), F_OK) == 0;
  OrMessage<crypto::Seed> next = tl::unexpected(std::string());
  if (has_next) {
    next = linux_port::read_key_file(next_file, *passphrase);
    if (!next) return failed(next.error());
  } else {
    std::fprintf(stderr,
                 "mehr: %s is not there: the key gets a new next key, which nodes that know of "
                 "another one will not accept\n",
                 next_file.c_str());
  }
  const auto made = has_next ? keys.store.add(what.name, *seed, *next, *passphrase)
                             : keys.store.add(what.name, *seed, *passphrase);
  if (!made) return failed(made.error());
  print_key(options, *made);
  return exit_code::kGood;
}

// ---- Shares

// By hand and unbuffered: a share stays in no memory that is not wiped.
void print_shares(const Options& options, unsigned needed, const std::vector<l2::Share>& shares) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  if (options.json) std::printf("{\n  \"needed\": %u,\n  \"shares\": [", needed);
  const char* between = "\n    \"";
  for (const l2::Share& share : shares) {
    std::array<char, l2::kShareText> text{};
    share.to_text(text);
    if (options.json) std::fputs(std::exchange(between, "\",\n    \""), stdout);
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!options.json) std::fputs("\n", stdout);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  }
  if (options.json) std::fputs("\"\n  ]\n}\n", stdout);
}

int split_key(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  if (what.needed < 2 || what.total < what.needed || what.total > 255) {
    return complain(exit_code::kUsage,
                    "of 2 to 255 shares, 2 or more and not over all can be needed: mehr key split "
                    "-k 2 -n 3");
  }
  const auto all = keys.store.list();
  if (!all) return failed(all.error());
  const auto kind = what.next ? KeyEntry::Kind::next : KeyEntry::Kind::current;
  const auto entry = std::find_if(all->begin(), all->end(), [&](const KeyEntry& e) {
    return e.name == what.name && e.kind == kind;
  });
  if (entry == all->end()) {
    return failed("there is no key \"" + common::printable(what.name) + "\" of that kind");
  }
  const auto passphrase = passphrase_of(what, asked_for(what.name));
  if (!passphrase) return failed(passphrase.error());
  const auto identity = keys.store.unlock(*entry, *passphrase);
  if (!identity) return failed(identity.error());
  std::vector<l2::Share> shares(what.total);
  if (auto made = l2::split_seed(identity->seed(), static_cast<std::uint8_t>(what.needed), shares,
                                 keys.random);
      !made) {
    return failed(made.error().text);
  }
  print_shares(options, what.needed, shares);
  std::fprintf(stderr,
               "mehr: any %u of these %u give the key, fewer give nothing; each belongs to another "
               "place\n",
               what.needed, what.total);
  return exit_code::kGood;
}

OrMessage<void> take_share(std::string_view text, const std::string& where,
                           std::vector<l2::Share>& out) {
  auto share = l2::Share::parse(text);
  if (!share) return tl::unexpected(where + ": " + share.error().text);
  if (out.size() == 255) return tl::unexpected(std::string("a key has at most 255 shares"));
  out.push_back(std::move(*share));
  return {};
}

// One a line; an empty line or the end of input ends them. At a terminal it says what is missing.
OrMessage<std::vector<l2::Share>> read_shares(const KeyOptions& what) {
  std::vector<l2::Share> out;
  if (!what.share_files.empty()) {
    for (const std::string& file : what.share_files) {
      const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"),
                                                               &std::fclose);
      if (!in) return tl::unexpected("cannot read " + file);
      std::array<char, 1024> text{};
      std::setvbuf(in.get(), nullptr, _IONBF, 0);
      const std::size_t n = std::fread(text.data(), 1, text.size(), in.get());
      const auto taken = take_share({text.data(), n}, file, out);
      crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
      if (!taken) return tl::unexpected(taken.error());
    }
    return out;
  }
  const bool person = ::isatty(STDIN_FILENO) == 1;
  std::string line;
  for (std::size_t number = 1;; ++number) {
    if (person && !out.empty() && out.size() >= out.front().needed()) break;
    if (person) std::fprintf(stderr, "share %zu: ", out.size() + 1);
    if (!std::getline(std::cin, line) || line.empty()) break;
    const auto taken = take_share(line, "share " + std::to_string(number), out);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(line.data()), line.size()});
    if (!taken) {
      if (!person) return tl::unexpected(taken.error());
      std::fprintf(stderr, "mehr: %s; type it again\n", taken.error().c_str());
    }
  }
  return out;
}

OrMessage<crypto::Seed> seed_from_shares(const KeyOptions& what) {
  const auto shares = read_shares(what);
  if (!shares) return tl::unexpected(shares.error());
  auto seed = l2::combine_shares(*shares);
  if (seed) return std::move(*seed);
  std::string sentence = seed.error().text;
  if (seed.error().code == Errc::truncated && !shares->empty()) {
    sentence += " (" + std::to_string(shares->size()) + " of " +
                std::to_string(shares->front().needed()) + ")";
  }
  return tl::unexpected(sentence);
}

// The next key comes back to a present one that is there.
int combine_next(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  const auto there = keys.store.current(what.name);
  if (!there) return failed(there.error());
  if (!*there) {
    return failed("there is no key \"" + common::printable(what.name) +
                  "\" whose next one this could be; combine or import that one first");
  }
  const auto seed = seed_from_shares(what);
  if (!seed) return failed(seed.error());
  const auto passphrase = passphrase_of(what, asked_for(what.name));
  if (!passphrase) return failed(passphrase.error());
  const auto before = keys.store.list();
  if (!before) return failed(before.error());
  const auto made = keys.store.restore_next(what.name, *seed, *passphrase);
  if (!made) return failed(made.error());
  print_key(options, *made);
  for (const KeyEntry& e : *before) {
    if (e.name != what.name || e.kind != KeyEntry::Kind::next || e.node == made->node) continue;
    std::fprintf(stderr, "mehr: the next key that was there, %s, is kept as an old one\n",
                 common::to_text(e.node).c_str());
  }
  return exit_code::kGood;
}

int combine_key(const Options& options, const KeyOptions& what) {
  if (what.next) return combine_next(options, what);
  Keys keys(what);
  if (const auto free = must_be_free(keys, what.name); !free) return failed(free.error());
  const auto seed = seed_from_shares(what);
  if (!seed) return failed(seed.error());
  const int done = store_new(options, what, keys, *seed, nullptr);
  if (done != exit_code::kGood) return done;
  std::fprintf(stderr,
               "mehr: the key has a new next key, which nodes that know of another one will not "
               "accept; mehr key combine --next takes the other out of its shares\n");
  return done;
}

// ---- Compromise and rotation

// A daemon that runs spreads it at once; one that starts later finds it beside the key.
// False: there is none.
bool tell_daemon(const Options& options, const Bytes& notice) {
  const auto answer = ask(options, "advise", {{"notice", common::to_hex(notice)}});
  if (answer) return true;
  if (answer.error().exit == exit_code::kNoDaemon) {
    std::fprintf(stderr, "mehr: no daemon runs here; mehrd spreads it when it starts\n");
    return false;
  }
  std::fprintf(stderr, "mehr: the daemon did not take it: %s\n", answer.error().message.c_str());
  return true;
}

bool agreed(const KeyOptions& what, const std::string& consequence) {
  if (what.yes) return true;
  if (!linux_port::can_prompt()) return false;
  std::fprintf(stderr, "mehr: %s. Type yes to go on: ", consequence.c_str());
  std::string line;
  return std::getline(std::cin, line) && line == "yes";
}

int rotate_key(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  if (!agreed(what, "the node gets another NodeID, and says so to everybody, for good")) {
    return failed("nothing was changed; --yes does it without asking");
  }
  const auto passphrase = passphrase_of(what, asked_for(what.name));
  if (!passphrase) return failed(passphrase.error());
  const auto made = keys.store.rotate(what.name, *passphrase, unix_ms());
  if (!made) return failed(made.error());
  print_key(options, *made);
  const auto notices = keys.store.notices(what.name);
  if (!notices) return failed(notices.error());
  const bool running = std::all_of(notices->begin(), notices->end(), [&](const auto& notice) {
    return tell_daemon(options, notice.body);
  });
  if (running) {
    std::fprintf(stderr, "mehr: restart mehrd: it runs with the old key until then\n");
  }
  return exit_code::kGood;
}

int advise(const Options& options, const KeyOptions& what) {
  Keys keys(what);
  PublicKey successor;
  if (!what.successor.empty()) {
    const auto bytes = common::from_hex(what.successor);
    if (!bytes || bytes->size() != PublicKey::kSize ||
        !crypto::is_valid_key(PublicKey::from(*bytes))) {
      return complain(exit_code::kUsage,
                      "--successor is the public key of a node: 64 hexadecimal digits, as mehr id "
                      "--json shows");
    }
    successor = PublicKey::from(*bytes);
  }
  if (!agreed(what, "everybody learns that this key is in other hands, for good")) {
    return failed("nothing was said; --yes does it without asking");
  }
  const auto passphrase = passphrase_of(what, asked_for(what.name));
  if (!passphrase) return failed(passphrase.error());
  const auto notice = keys.store.advise(what.name, *passphrase, successor, unix_ms());
  if (!notice) return failed(notice.error());
  (void)tell_daemon(options, notice->body);
  return exit_code::kGood;
}

std::string conclusion(const Options& options, const Json& key) {
  if (known(key, "successor")) return "followed by " + id(options, text(key, "successor"));
  return flag(key, "undecided") ? "compromised; who follows is for you to decide" : "compromised";
}

int show_advisories(const Options& options, const KeyOptions&) {
  return ask_and_show(options, "advisories", [&options](const Json& answer) {
    if (answer["keys"].empty()) return print("no key is known to be compromised\n");
    Table table({"NODE", "COMMITTED", ">CLAIMS", "CONCLUSION"});
    for (const Json& key : answer["keys"]) {
      table.add({id(options, text(key, "node")), flag(key, "committed") ? "yes" : "no",
                 std::to_string(key["claims"].size()), conclusion(options, key)});
    }
    print(table.text());
  });
}

using Run = int (*)(const Options&, const KeyOptions&);
struct KeyCommand {
  const char* name;
  const char* about;
  Run run;
};
constexpr KeyCommand kCommands[] = {
    {"list", "the sealed keys on this machine", &list_keys},
    {"new", "make a key, and the next one that it commits to", &new_key},
    {"passwd", "seal a key under another passphrase", &change_passphrase},
    {"export", "copy a key and its next one, sealed, to a backup", &export_key},
    {"import", "take a key from a backup", &import_key},
    {"split", "shares of a key, some of which give it back", &split_key},
    {"combine", "a key out of shares, one a line on standard input", &combine_key},
    {"rotate", "make the next key the present one, and tell everybody", &rotate_key},
    {"advise", "tell everybody that a key is in other hands", &advise},
    {"advisories", "keys that are known to be compromised", &show_advisories}};

void add_options(CLI::App& command, const std::string& name, KeyOptions& o) {
  const bool named = name != "list" && name != "advisories" && name != "import";
  if (name == "import") command.add_option("file", o.file, "the backup")->required();
  if (named || name == "import") {
    command.add_option("name", o.name, "which key; main unless said otherwise");
  }
  if (name == "export")
    command.add_option("file", o.file, "where to; must not be there")->required();
  if (name == "split") {
    command.add_option("-k,--needed", o.needed, "how many give the key back")->required();
    command.add_option("-n,--shares", o.total, "how many to make")->required();
    command.add_flag("--next", o.next, "the next key, not the present one");
  }
  if (name == "combine") {
    command.add_flag("--next", o.next, "the next key of one that is there");
    command.add_option("--share", o.share_files, "a file with a share, instead of standard input")
        ->type_name("FILE");
  }
  if (name == "advise") {
    command
        .add_option("--successor", o.successor, "public key that follows, in hexadecimal digits")
        ->type_name("KEY");
  }
  if (name == "rotate" || name == "advise") {
    command.add_flag("--yes", o.yes, "do not ask: it cannot be taken back");
  }
  if (name != "list" && name != "export" && name != "advisories") {
    command.add_option("--passphrase-fd", o.passphrase_fd, "read the passphrase from descriptor N")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber);
  }
  if (name == "passwd") {
    command.add_option("--new-passphrase-fd", o.new_passphrase_fd, "read the new one from there")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber);
  }
}

}  // namespace

CLI::App* add_key(CLI::App& app, KeyOptions& options) {
  CLI::App* key = app.add_subcommand("key", "the node's keys: make, back up, split, rotate");
  key->require_subcommand(1);
  for (const KeyCommand& c : kCommands) {
    add_options(*key->add_subcommand(c.name, c.about), c.name, options);
  }
  key->footer(
      "Keys lie in the directory keys of --data-dir. Passphrases come from a descriptor, from the\n"
      "systemd credential mehr-passphrase, or from the terminal.");
  return key;
}

int run_key(const CLI::App& key, const Options& options, const KeyOptions& what) {
  const rlimit none{};  // no core file: there are keys in here
  ::setrlimit(RLIMIT_CORE, &none);
  for (const KeyCommand& c : kCommands) {
    if (key.got_subcommand(c.name)) return c.run(options, what);
  }
  return exit_code::kUsage;
}

int show_reputation(const Options& options) {
  return ask_and_show(options, "reputation", [&options](const Json& answer) {
    if (answer["peers"].empty()) {
      return print("nobody is judged yet: scores come from agreements that ended\n");
    }
    Table table({"NODE", ">RELAY", ">STORAGE", ">COMPUTE", ">DEALINGS", ">FAILED"});
    for (const Json& peer : answer["peers"]) {
      const auto score = [&](const char* service) {
        return std::to_string(number(peer[service], "effective"));
      };
      table.add({id(options, text(peer, "node")), score("relay"), score("storage"),
                 score("compute"), std::to_string(number(peer, "total")),
                 std::to_string(number(peer, "failed"))});
    }
    print(table.text());
  });
}

}  // namespace mehr::cli

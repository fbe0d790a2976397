#include "mehr/linux/sqlite_storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "descriptor.h"

namespace mehr::linux_port {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kReadFailed = "the state database cannot be read";
constexpr const char* kWriteFailed =
    "the state database cannot be written; check free space and permissions of the data directory";

std::string describe(const std::string& path, int code, const char* detail) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format(
          "state database {} is in use by another process; stop that one or choose another data "
          "directory",
          path);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fmt::format(
          "state database {} is damaged ({}); restore it from a backup, or move it away to start "
          "without state",
          path, detail);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return fmt::format(
          "cannot write state database {} ({}); change its owner or mode, or choose another data "
          "directory",
          path, detail);
    default:
      return fmt::format("cannot open state database {}: {}", path, detail);
  }
}

}  // namespace

struct SqliteStorage::Impl {
  sqlite3* db = nullptr;
  sqlite3_stmt* select = nullptr;
  sqlite3_stmt* replace = nullptr;
  std::string last_error;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    sqlite3_finalize(select);
    sqlite3_finalize(replace);
    sqlite3_close(db);
  }

  int exec(const char* sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr); }
  int prepare(const char* sql, sqlite3_stmt** out) {
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, nullptr);
  }
  // The single integer or text that @p sql answers.
  int ask(const char* sql, std::string& answer) {
    sqlite3_stmt* statement = nullptr;
    int code = prepare(sql, &statement);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      const unsigned char* const text = sqlite3_column_text(statement, 0);
      if (text != nullptr) answer = reinterpret_cast<const char*>(text);
      code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }
  tl::unexpected<Error> failed(const char* text) {
    last_error = sqlite3_errmsg(db);
    return fail(Errc::io, text);
  }
  int set_up();
  Status put_one(const Put& put);
};

int SqliteStorage::Impl::set_up() {
  // The lock is taken with the first statement and kept: one process per data directory.
  for (const char* sql : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
                          "PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"}) {
    if (const int code = exec(sql); code != SQLITE_OK) return code;
  }
  std::string answer;
  if (const int code = ask("PRAGMA quick_check(1)", answer); code != SQLITE_OK) return code;
  if (answer != "ok") return SQLITE_CORRUPT;
  for (const char* sql :
       {"CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) "
        "WITHOUT ROWID",
        "PRAGMA user_version=1", "COMMIT"}) {
    if (const int code = exec(sql); code != SQLITE_OK) return code;
  }
  if (const int code = prepare("SELECT value FROM state WHERE key=?1", &select); code != SQLITE_OK)
    return code;
  return prepare("INSERT OR REPLACE INTO state(key, value) VALUES(?1, ?2)", &replace);
}

OrMessage<std::unique_ptr<SqliteStorage>> SqliteStorage::open(const std::string& directory) {
  const std::string path = directory + "/state.sqlite";
  {
    // SQLite gives its side files the mode of this one.
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open()) {
      return tl::unexpected(describe(path, SQLITE_CANTOPEN, std::strerror(errno)));
    }
  }
  auto impl = std::make_unique<Impl>();
  int code = sqlite3_open_v2(path.c_str(), &impl->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             nullptr);
  std::string version;
  if (code == SQLITE_OK) code = impl->ask("PRAGMA user_version", version);
  if (code == SQLITE_OK && version != "0" && version != std::to_string(kSchemaVersion)) {
    return tl::unexpected(
        fmt::format("state database {} has format {}, this program knows {}; use the newer program",
                    path, version, kSchemaVersion));
  }
  if (code == SQLITE_OK) code = impl->set_up();
  if (code != SQLITE_OK) {
    const char* const detail = impl->db != nullptr && sqlite3_errcode(impl->db) != SQLITE_OK
                                   ? sqlite3_errmsg(impl->db)
                                   : sqlite3_errstr(code);
    return tl::unexpected(describe(path, code, detail));
  }
  return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(impl)));
}

SqliteStorage::SqliteStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStorage::~SqliteStorage() = default;

Result<Bytes> SqliteStorage::get(std::string_view key) {
  sqlite3_stmt* const s = impl_->select;
  sqlite3_bind_text64(s, 1, key.data(), key.size(), SQLITE_STATIC, SQLITE_UTF8);
  const int code = sqlite3_step(s);
  Result<Bytes> out = Bytes{};
  if (code == SQLITE_ROW) {
    const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(s, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, 0));
    if (size > 0) out->assign(data, data + size);
  } else if (code == SQLITE_DONE) {
    out = fail(Errc::not_found, "nothing is stored under that key");
  } else {
    out = impl_->failed(kReadFailed);
  }
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
  return out;
}

Status SqliteStorage::Impl::put_one(const Put& put) {
  sqlite3_bind_text64(replace, 1, put.key.data(), put.key.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (put.value.empty()) {
    sqlite3_bind_zeroblob(replace, 2, 0);
  } else {
    sqlite3_bind_blob64(replace, 2, put.value.data(), put.value.size(), SQLITE_STATIC);
  }
  Status out;
  if (sqlite3_step(replace) != SQLITE_DONE) out = failed(kWriteFailed);
  sqlite3_reset(replace);
  sqlite3_clear_bindings(replace);
  return out;
}

Status SqliteStorage::put(std::span<const Put> batch) {
  if (impl_->exec("BEGIN IMMEDIATE") != SQLITE_OK) return impl_->failed(kWriteFailed);
  Status out;
  for (const Put& put : batch) {
    out = impl_->put_one(put);
    if (!out) break;
  }
  if (out && impl_->exec("COMMIT") != SQLITE_OK) out = impl_->failed(kWriteFailed);
  if (!out) impl_->exec("ROLLBACK");
  return out;
}

const std::string& SqliteStorage::last_error() const { return impl_->last_error; }

}  // namespace mehr::linux_port

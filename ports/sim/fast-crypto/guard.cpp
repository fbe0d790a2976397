// Every program of ours that opens a socket defines this name too, beside its sockets. So the
// linker refuses to join them with the stand-in cipher, and says why in the name.
extern "C" {
extern const char mehr_real_crypto_only_programs_open_sockets[];
[[gnu::used]] const char mehr_real_crypto_only_programs_open_sockets[] =
    "this program has a stand-in cipher and no sockets";
}

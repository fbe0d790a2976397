// expect: a layer above
namespace mehr::l2 {
int seal();
}
int fault() { return mehr::l2::seal(); }

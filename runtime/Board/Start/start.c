// The program's first lines: Embedded Swift has no `main` of its own.
int espalier_board_main(int count, char *const *arguments);

int main(int count, char **arguments) { return espalier_board_main(count, arguments); }

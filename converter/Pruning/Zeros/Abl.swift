internal import Glibc

func abl(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

internal import Foundation

/// Whether a path names a regular file, through links: a pipe would be waited for, and a device has no end.
package func isRegularFile(_ path: String) -> Bool {
  let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  let facts = try? FileManager.default.attributesOfItem(atPath: target)
  return facts?[.type] as? FileAttributeType == .typeRegular
}

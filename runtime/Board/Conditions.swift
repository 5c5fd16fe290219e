/// What may disturb a measurement, as the kernel reports it; nil where it reports nothing.
///
/// Reported clock rates are unreliable on hobby boards; they are recorded, never computed with.
public struct Conditions: Sendable {
  /// Load of the last minute, in runnable tasks.
  public var loadAverage: Double?
  /// Clock rate of the first usable core, in kilohertz.
  public var kilohertz: Double?
  /// Frequency governor of the first usable core.
  public var governor: String?
  /// The first thermal zone, in degrees Celsius.
  public var celsius: Double?

  /// Reads them now.
  public static var current: Conditions {
    let core = Board.cores.first ?? 0
    let frequency = "/sys/devices/system/cpu/cpu\(core)/cpufreq/"
    return Conditions(
      loadAverage: Board.number(in: "/proc/loadavg"),
      kilohertz: Board.number(in: frequency + "scaling_cur_freq"),
      governor: Board.text(of: frequency + "scaling_governor"),
      celsius: Board.number(in: "/sys/class/thermal/thermal_zone0/temp").map { $0 / 1000 })
  }
}

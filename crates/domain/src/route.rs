//! The order of a day's stops: what has an hour keeps it, the others are put where they cost the least way. Nearest
//! first, then better by moves and turns, until none helps.

use crate::place::Place;

/// Where one has to be, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    pub place: Place,
    /// Minutes since midnight, where it is agreed.
    pub at: Option<u16>,
    pub minutes: u16,
}

/// A day on the road.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Where it begins; nothing: at the first stop.
    pub from: Option<Place>,
    /// When it begins, in minutes since midnight.
    pub begins: u16,
}

/// One stop of a day in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    pub stop: usize,
    /// From the stop before, as the crow flies.
    pub kilometres: f64,
    /// Minutes since midnight; more than those of a day where there is too much for one.
    pub arrives: u32,
    /// It was agreed for earlier.
    pub late: u32,
}

/// More stops are not put in order.
pub const MOST: usize = 50;
/// Rounds of improving; each shortens the way.
const ROUNDS: usize = 60;
/// Minutes that a kilometre takes as the crow flies: in town, and further out.
const IN_TOWN: f64 = 2.0;
const FAR: f64 = 1.0;
const TOWN: f64 = 20.0;
/// A minute too late costs as much as so many kilometres.
const LATE: f64 = 100.0;
/// Of two ways that are as long, the one that is done earlier.
const EARLY: f64 = 0.001;
/// Hours are those of a diary.
const STEP: u32 = 5;

impl Day {
    /// The stops in a sensible order. Those behind the first fifty stay where they are.
    pub fn order(&self, stops: &[Stop]) -> Vec<usize> {
        let known = stops.get(..MOST).unwrap_or(stops);
        let mut order = Ways::new(*self, known).order();
        order.extend(known.len()..stops.len());
        order
    }

    /// When one is where, in a given order.
    pub fn legs(&self, stops: &[Stop], order: &[usize]) -> Vec<Leg> {
        let mut here = self.from;
        let mut free = u32::from(self.begins);
        let mut out = Vec::with_capacity(order.len());
        for (at, stop) in order.iter().filter_map(|at| Some((*at, stops.get(*at)?))) {
            let kilometres = here.map_or(0.0, |from| from.kilometres(&stop.place));
            let (arrives, late) = stop.reached(free, kilometres);
            out.push(Leg { stop: at, kilometres, arrives, late });
            free = arrives + u32::from(stop.minutes);
            here = Some(stop.place);
        }
        out
    }
}

impl Stop {
    /// When one is there, who was free at a time so far away, and how much too late that is.
    fn reached(&self, free: u32, kilometres: f64) -> (u32, u32) {
        let earliest = free + takes(kilometres);
        match self.at.map(u32::from) {
            Some(agreed) => (earliest.max(agreed), earliest.saturating_sub(agreed)),
            None => (earliest.div_ceil(STEP) * STEP, 0),
        }
    }
}

/// All ways between the stops of a day, reckoned once.
struct Ways<'a> {
    day: Day,
    stops: &'a [Stop],
    /// From each stop to each, row by row; the last row is from where the day begins.
    kilometres: Vec<f64>,
}

impl<'a> Ways<'a> {
    fn new(day: Day, stops: &'a [Stop]) -> Self {
        let from = stops.iter().map(|stop| Some(stop.place)).chain([day.from]);
        let row = |from: Option<Place>| {
            stops.iter().map(move |to| from.map_or(0.0, |from| from.kilometres(&to.place)))
        };
        Self { day, stops, kilometres: from.flat_map(row).collect() }
    }

    fn far(&self, from: Option<usize>, to: usize) -> f64 {
        let row = from.unwrap_or(self.stops.len());
        self.kilometres.get(row * self.stops.len() + to).copied().unwrap_or_default()
    }

    fn order(&self) -> Vec<usize> {
        let count = self.stops.len();
        let mut fixed: Vec<usize> = (0..count).filter(|at| hour(self.stops, *at).is_some()).collect();
        fixed.sort_by_key(|at| (hour(self.stops, *at), *at));
        let free: Vec<usize> = (0..count).filter(|at| !fixed.contains(at)).collect();
        // Without a beginning any stop may be the first.
        let firsts: Vec<Option<usize>> = match self.day.from {
            Some(_) => vec![None],
            None => [None].into_iter().chain(free.iter().copied().map(Some)).collect(),
        };
        let ways = firsts.into_iter().map(|first| self.nearest(&fixed, &free, first));
        let best = ways.min_by(|a, b| self.cost(a).total_cmp(&self.cost(b)));
        self.improved(best.unwrap_or_default())
    }

    /// Always to the nearest that leaves time for what is agreed.
    fn nearest(&self, fixed: &[usize], free: &[usize], first: Option<usize>) -> Vec<usize> {
        let mut left: Vec<usize> = free.to_vec();
        let mut waiting = fixed.iter().copied().peekable();
        let mut out: Vec<usize> = Vec::with_capacity(self.stops.len());
        let (mut here, mut time) = (None, u32::from(self.day.begins));
        let mut wanted = first;
        while !left.is_empty() || waiting.peek().is_some() {
            let agreed = waiting.peek().copied();
            let fits = |at: &&usize| {
                let Some(next) = agreed else { return true };
                let behind = self.behind(here, **at, time);
                self.reached(Some(**at), next, behind).is_none_or(|(_, late)| late == 0)
            };
            let near = |a: &&usize, b: &&usize| self.far(here, **a).total_cmp(&self.far(here, **b));
            let next = wanted.take().or_else(|| left.iter().filter(fits).min_by(near).copied());
            let Some(at) = next.or_else(|| waiting.next()) else { break };
            left.retain(|other| *other != at);
            time = self.behind(here, at, time);
            here = Some(at);
            out.push(at);
        }
        out
    }

    fn reached(&self, from: Option<usize>, at: usize, free: u32) -> Option<(u32, u32)> {
        Some(self.stops.get(at)?.reached(free, self.far(from, at)))
    }

    /// When one is free again behind a stop.
    fn behind(&self, from: Option<usize>, at: usize, free: u32) -> u32 {
        let minutes = self.stops.get(at).map_or(0, |stop| u32::from(stop.minutes));
        self.reached(from, at, free).map_or(free, |(arrives, _)| arrives) + minutes
    }

    /// Moves a stop elsewhere, or goes a part the other way round, as long as that shortens the day.
    fn improved(&self, mut order: Vec<usize>) -> Vec<usize> {
        let mut best = self.cost(&order);
        for _ in 0..ROUNDS {
            let before = best;
            for from in 0..order.len() {
                for to in 0..order.len() {
                    for change in [Change::Move, Change::Turn] {
                        let Some(tried) = changed(self.stops, &order, (from, to), change) else { continue };
                        let cost = self.cost(&tried);
                        if cost + 1e-9 < best {
                            (best, order) = (cost, tried);
                        }
                    }
                }
            }
            if before - best < 1e-9 {
                break;
            }
        }
        order
    }

    fn cost(&self, order: &[usize]) -> f64 {
        let (mut here, mut free, mut cost, mut last) = (None, u32::from(self.day.begins), 0.0, 0);
        for at in order {
            let Some((arrives, late)) = self.reached(here, *at, free) else { continue };
            cost += self.far(here, *at) + LATE * f64::from(late);
            free = arrives + self.stops.get(*at).map_or(0, |stop| u32::from(stop.minutes));
            (here, last) = (Some(*at), arrives);
        }
        cost + EARLY * f64::from(last)
    }
}

#[derive(Clone, Copy)]
enum Change {
    Move,
    Turn,
}

/// The order with one change; nothing where what is agreed would change its place among others.
fn changed(
    stops: &[Stop],
    order: &[usize],
    (from, to): (usize, usize),
    change: Change,
) -> Option<Vec<usize>> {
    let mut out = order.to_vec();
    match change {
        Change::Move => {
            let at = *order.get(from).filter(|at| from != to && hour(stops, **at).is_none())?;
            out.remove(from);
            out.insert(to, at);
        }
        Change::Turn => {
            let part = out.get_mut(from..=to).filter(|part| part.len() > 1)?;
            if part.iter().filter(|at| hour(stops, **at).is_some()).count() > 1 {
                return None;
            }
            part.reverse();
        }
    }
    Some(out)
}

fn hour(stops: &[Stop], at: usize) -> Option<u16> {
    stops.get(at).and_then(|stop| stop.at)
}

/// Minutes for a way as the crow flies: roads are longer, and towns are slow.
fn takes(kilometres: f64) -> u32 {
    let minutes = kilometres.min(TOWN) * IN_TOWN + (kilometres - TOWN).max(0.0) * FAR;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = minutes.ceil().clamp(0.0, 100_000.0) as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NINE: u16 = 9 * 60;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::new(latitude, longitude).expect("a place")
    }

    fn free(longitude: f64) -> Stop {
        Stop { place: place(0.0, longitude), at: None, minutes: 30 }
    }

    fn order(day: Day, stops: &[Stop]) -> Vec<usize> {
        day.order(stops)
    }

    #[test]
    fn stops_along_a_road_are_gone_through_once() {
        let stops = [free(0.3), free(0.1), free(0.4), free(0.2)];
        let from_west = Day { from: Some(place(0.0, 0.0)), begins: NINE };
        assert_eq!(order(from_west, &stops), [1, 3, 0, 2]);
        let from_east = Day { from: Some(place(0.0, 0.5)), begins: NINE };
        assert_eq!(order(from_east, &stops), [2, 0, 3, 1]);
        // Without a beginning from one end to the other.
        let open = order(Day { from: None, begins: NINE }, &stops);
        assert!(open == [1, 3, 0, 2] || open == [2, 0, 3, 1], "{open:?}");
        assert!(order(from_west, &[]).is_empty());
    }

    #[test]
    fn crossings_are_taken_out() {
        // The nearest first leads to and fro: 1, -2, 4, -8 lie on both sides.
        let stops: Vec<Stop> = [0.01, -0.02, 0.04, -0.08].into_iter().map(free).collect();
        let day = Day { from: Some(place(0.0, 0.0)), begins: NINE };
        let way = |order: &[usize]| day.legs(&stops, order).iter().map(|leg| leg.kilometres).sum::<f64>();
        assert!(way(&order(day, &stops)) < way(&[0, 1, 2, 3]) * 0.8);
        assert_eq!(order(day, &stops), [0, 2, 1, 3]);
    }

    #[test]
    fn what_is_agreed_is_kept_and_the_rest_is_put_around_it() {
        let mut stops = vec![free(0.0), free(0.01), free(0.5), free(0.51)];
        // Far away at half past eleven.
        stops.push(Stop { place: place(0.0, 0.505), at: Some(11 * 60 + 30), minutes: 60 });
        let day = Day { from: Some(place(0.0, 0.0)), begins: NINE };
        let order = order(day, &stops);
        let legs = day.legs(&stops, &order);
        let agreed = legs.iter().find(|leg| leg.stop == 4).expect("it is there");
        assert_eq!((agreed.arrives, agreed.late), (11 * 60 + 30, 0));
        assert_eq!(&order[..2], [0, 1], "what is near is done before");
        // Two that cannot both be kept: the second is late, and says so.
        let at =
            |hour: u16, longitude: f64| Stop { place: place(0.0, longitude), at: Some(hour), minutes: 60 };
        let both = [at(10 * 60 + 30, 1.0), at(10 * 60, 0.0)];
        let order = day.order(&both);
        assert_eq!(order, [1, 0], "by their hours");
        assert!(day.legs(&both, &order)[1].late > 60);
    }

    #[test]
    fn fifty_stops_are_quick() {
        let stops: Vec<Stop> = (0..50)
            .map(|n| {
                let at = |k: i32| f64::from((n * k) % 97) / 100.0;
                Stop {
                    place: place(41.0 + at(37), -8.0 - at(61)),
                    at: (n % 10 == 0).then_some(600 + 10 * n as u16),
                    minutes: 15,
                }
            })
            .collect();
        let started = std::time::Instant::now();
        let order = Day { from: None, begins: 8 * 60 }.order(&stops);
        let took = started.elapsed();
        eprintln!("50 stops in {took:?}");
        assert_eq!(order.len(), 50);
        // Without optimisation it is some twenty times slower than in a release.
        assert!(took.as_millis() < 3000, "{took:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn every_stop_is_there_once_and_what_is_agreed_keeps_its_order(
            all in prop::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64, prop::option::of(480..1200_u16)), 0..12),
            starts in any::<bool>(),
        ) {
            let stops: Vec<Stop> =
                all.iter().map(|(a, b, at)| Stop { place: place(*a, *b), at: *at, minutes: 20 }).collect();
            let day = Day { from: starts.then(|| place(0.0, 0.0)), begins: NINE };
            let order = day.order(&stops);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..stops.len()).collect::<Vec<_>>());
            let hours: Vec<u16> = order.iter().filter_map(|at| stops[*at].at).collect();
            prop_assert!(hours.is_sorted());
            // No worse than as they came, where nothing is agreed.
            if all.iter().all(|(.., at)| at.is_none()) {
                let way = |order: &[usize]| day.legs(&stops, order).iter().map(|l| l.kilometres).sum::<f64>();
                let given: Vec<usize> = (0..stops.len()).collect();
                prop_assert!(way(&order) <= way(&given) + 1e-6);
            }
        }
    }
}

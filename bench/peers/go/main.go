// Go's net/http on both sides and nothing else: one client for all orders, its connections kept.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const connections = 512 // the most orders in flight that are measured

var (
	inventory = os.Getenv("INVENTORY_URL")
	payment   = os.Getenv("PAYMENT_URL")
	shipping  = os.Getenv("SHIPPING_URL")
	database  = os.Getenv("DATABASE_SERVICE_URL")
	client    = &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
	}
)

type item struct {
	Sku   string      `json:"sku"`
	Qty   int         `json:"qty"`
	Price json.Number `json:"price"`
}

type address struct {
	Line1      string `json:"line1"`
	City       string `json:"city"`
	Country    string `json:"country"`
	PostalCode string `json:"postalCode"`
}

type order struct {
	ID       string  `json:"id"`
	UserID   string  `json:"userId"`
	Address  address `json:"address"`
	Currency string  `json:"currency"`
	Items    []item  `json:"items"`
	Total    string  `json:"total"`
	Status   string  `json:"status,omitempty"`
}

type shipment struct {
	ID      string   `json:"id"`
	OrderID string   `json:"orderId"`
	Address address  `json:"address"`
	Items   []object `json:"items"`
}

type object = map[string]any

func call(method, base, path, key string, body any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, base+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Idempotency-Key", key)
	if base == database {
		request.Header.Set("Prefer", "return=minimal") // as this service asks for it too
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	told, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s: %d", path, answer.StatusCode)
	}
	var read object
	return json.Unmarshal(told, &read)
}

func makeCalls(o *order) error {
	id := o.ID
	units := make([]object, 0, len(o.Items))
	for _, line := range o.Items {
		units = append(units, object{"sku": line.Sku, "qty": line.Qty})
	}
	kept := object{"id": id, "userId": o.UserID, "order": o, "progress": object{}}
	amount := object{"id": id, "orderId": id, "amount": o.Total, "currency": o.Currency, "userId": o.UserID}
	parcel := shipment{id, id, o.Address, units}
	ended := object{"status": "CONFIRMED", "progress": object{}}
	calls := []struct {
		method, base, path, operation string
		body                          any
	}{
		{"POST", database, "/orders", "create", kept},
		{"POST", inventory, "/reserve", "reserve", object{"id": id, "orderId": id, "items": units}},
		{"POST", payment, "/payments", "authorize", amount},
		{"POST", shipping, "/shipments", "ship", parcel},
		{"POST", payment, "/payments/" + id + "/capture", "capture", object{}},
		{"POST", inventory, "/reservations/" + id + "/commit", "commit", object{}},
		{"PATCH", database, "/orders/" + id, "confirm", ended},
	}
	for _, c := range calls {
		if err := call(c.method, c.base, c.path, id+":"+c.operation, c.body); err != nil {
			return err
		}
	}
	return nil
}

func newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func total(items []item) string {
	sum := 0.0
	for _, line := range items {
		price, _ := line.Price.Float64()
		sum += float64(line.Qty) * price
	}
	return fmt.Sprintf("%.2f", sum)
}

func place(w http.ResponseWriter, r *http.Request) {
	o := &order{Currency: "INR"}
	if err := json.NewDecoder(r.Body).Decode(o); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	o.ID, o.Total = newID(), total(o.Items)
	if err := makeCalls(o); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	o.Status = "CONFIRMED"
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(o)
}

func main() {
	http.HandleFunc("/orders", place)
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
